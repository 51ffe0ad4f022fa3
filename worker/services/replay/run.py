"""Replay: each scenario in a company of its own, its documents accepted and posted one by one, then its books read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import structlog

from domain.documents import AnyDocument
from domain.errors import DocumentParked, DocumentRejected
from worker.messages import decode
from worker.reports.scope import scope_of
from worker.services.acceptance import Message, store
from worker.services.acceptance import read as read_message
from worker.services.computing import figures_of
from worker.services.posting import drain
from worker.services.replay import books
from worker.services.replay.documents import Told, generated_since, tell, with_numbers
from worker.services.replay.scenario import Scenario, ScenarioError, Step, read, understand
from worker.services.reposting import run_pending
from worker.store.companies import company_ids
from worker.store.database import Database
from worker.store.incoming import Receipt
from worker.store.throwaway import throwaway_database

Json = dict[str, Any]

_LONGEST_NAME: Final = 120  # leaves room for what makes a company's name unique
log = structlog.get_logger()

_encode: Final = msgspec.json.Encoder().encode


def replay_files(
    files: Sequence[Path], home: Path, *, entries: bool = False, complain: Callable[[str], None]
) -> Iterator[Json | str]:
    """The books of each file's scenario, in order; in the place of one that can't be replayed, a line that says why.

    `complain` is told what a scenario says in vain. Errors: EmbeddedServerError where no server can be started.
    """
    with throwaway_database(home) as database:
        for place, file in enumerate(files, start=1):
            try:
                story = read(file)
                # Two files may tell the same story up to different documents: the place keeps their companies apart.
                scenario = understand(story, f"{str(story['id'])[:_LONGEST_NAME]} #{place}")
                for warning in scenario.warnings:
                    complain(f"{scenario.id}: {warning}")
                yield _replay(database, scenario, entries=entries)
            except ScenarioError as error:
                yield str(error)
            except Exception as error:  # one scenario's fault must not keep the others from being replayed
                log.exception("a scenario could not be replayed", file=str(file))
                yield f"{file}: internal fault, {type(error).__name__}: {error}"


def play(database: Database, scenario: Scenario) -> tuple[int, list[Told]]:
    """Post a scenario's documents in order, each to its end; gives the company's number and what became of them.

    Errors: ScenarioError where a setting is refused.
    """
    for receipt in _accept(database, scenario.masters):
        if receipt.error is not None:
            raise ScenarioError(
                f"scenario {scenario.id}, settings: {receipt.type} {receipt.number}: {receipt.error['message']}"
            )
    with database.transaction() as connection:
        company = company_ids(connection, [scenario.company])[scenario.company]
    told: list[Told] = []
    for step in scenario.steps:
        if step.compute_only:
            told.append(_computed(database, company, step))
            continue
        (receipt,) = _accept(database, [with_numbers(step.document, told)])
        drain(database, company)
        run_pending(database, company)
        told.append(Told(step, receipt))
        told += generated_since(database, company, told)
    return company, told


def _replay(database: Database, scenario: Scenario, *, entries: bool) -> Json:
    company, told = play(database, scenario)
    with database.transaction() as connection:
        scope = scope_of(connection, company, entries=entries)
        if scope is None:
            raise ScenarioError(f"scenario {scenario.id}: its company was not accepted")
        return {
            "id": scenario.id,
            "documents": tell(connection, scope, scenario, told),
            "stock_ledger": books.stock_ledger(connection, scope),
            "general_ledger": books.general_ledger(connection, scope),
            "bins": books.bins(connection, scope),
        }


def _computed(database: Database, company: int, step: Step) -> Told:
    try:
        document = decode(_encode(step.document))
        return Told(step, computed=figures_of(database, company, cast("AnyDocument", document)))
    except (DocumentRejected, DocumentParked) as refused:
        return Told(step, refusal=refused.as_outcome())


def _accept(database: Database, documents: Sequence[Json]) -> list[Receipt]:
    messages = [read_message(Message(_encode(document))) for document in documents]
    return store(database, messages)
