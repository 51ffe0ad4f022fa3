"""Replay: each scenario in a company of its own, its documents posted in order as if one by one, then its books read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
from worker.store.database import Database
from worker.store.databases.throwaway import throwaway_database
from worker.store.intake.incoming import Receipt
from worker.store.names.companies import company_ids

Json = dict[str, Any]
Say = Callable[[str], None]

_LONGEST_NAME: Final = 120  # leaves room for what makes a company's name unique
_STRIDE: Final = 500  # documents accepted at once
_BATCH: Final = 50  # decided at once: what comes after one that asks for a repost was read in vain
# What brings about nothing but its own vouchers and reposts. Masters are asked about what came before them, closings generate documents,
# and cancels name those: each of these finds everything before it done, and everything after it not yet there.
_MAY_FOLLOW_AT_ONCE: Final = frozenset({
    "purchase_receipt", "purchase_invoice", "delivery_note", "sales_invoice", "stock_entry", "stock_reconciliation",
    "landed_cost_voucher", "journal_entry", "payment_entry", "pos_invoice", "purchase_order", "sales_order",
})  # fmt: skip
log = structlog.get_logger()

_encode: Final = msgspec.json.Encoder().encode


def replay_files(
    files: Sequence[Path], home: Path, *, entries: bool = False, complain: Say, progress: Say = lambda _words: None
) -> Iterator[Json | str]:
    """The books of each file's scenario, in order; in the place of one that can't be replayed, a line that says why.

    `complain` is told what a scenario says in vain, `progress` how far each has come.
    Errors: EmbeddedServerError where no server can be started.
    """
    with throwaway_database(home) as database:
        for place, file in enumerate(files, start=1):
            try:
                story = read(file)
            except ScenarioError as error:  # names the file
                yield str(error)
                continue
            try:
                # Two files may tell the same story up to different documents: the place keeps their companies apart.
                scenario = understand(story, f"{str(story['id'])[:_LONGEST_NAME]} #{place}")
                for warning in scenario.warnings:
                    complain(f"{scenario.id}: {warning}")
                yield _replay(database, scenario, entries=entries, progress=progress)
            except ScenarioError as error:
                yield f"{file}: {error}"
            except Exception as error:  # one scenario's fault must not keep the others from being replayed
                log.exception("a scenario could not be replayed", file=str(file))
                yield f"{file}: internal fault, {type(error).__name__}: {error}"


def play(database: Database, scenario: Scenario, progress: Say = lambda _words: None) -> tuple[int, list[Told]]:
    """Post a scenario's documents in order, each with its reposts; gives the company's number and what became of them.

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
    done = 0
    for steps in _strides(scenario.steps):
        if steps[0].compute_only:
            told.append(_computed(database, company, steps[0]))
            continue
        receipts = _accept(database, [with_numbers(step.document, told) for step in steps])
        reposts = 1
        while reposts:
            reposts = drain(database, company, limit_documents=_BATCH, pausing=True).reposts
            run_pending(database, company)
        told += map(Told, steps, receipts)
        told += generated_since(database, company, told)
        done += len(steps)
        progress(f"{scenario.id}, {done:,} of {len(scenario.steps):,} documents")
    return company, told


def _strides(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Steps that may be accepted at once: what else they bring about, reposts apart, comes before the next is looked at."""
    together: list[Step] = []
    for step in steps:
        alone = step.compute_only or step.type not in _MAY_FOLLOW_AT_ONCE
        if together and (alone or len(together) == _STRIDE):
            yield together
            together = []
        if alone:
            yield [step]
        else:
            together.append(step)
    if together:
        yield together


def _replay(database: Database, scenario: Scenario, *, entries: bool, progress: Say) -> Json:
    company, told = play(database, scenario, progress)
    with database.transaction() as connection:
        # Whole books are read, minutes after their tables were empty: a planner that still takes those for small must join them by
        # hashing all the same, not row by row.
        connection.execute("SET LOCAL enable_nestloop = off")
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
