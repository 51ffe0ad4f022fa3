"""Accept messages, whichever way they came: read, store in one transaction, then ring and tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import psycopg
import structlog

from domain.documents import AnyDocument
from domain.documents.shape import Document
from domain.errors import DocumentRejected, PerpetuaError, Unavailable
from domain.masters import AnyMaster
from worker.bells import Lane
from worker.messages import MASTER_TYPES, Key, asks_preview, canonical, content_hash, decode, key_of, read_key
from worker.services.account_mapping import account_transfers, may_remap
from worker.services.closing import asks_at_the_gate, guard_the_gate
from worker.services.noting import note_outcomes
from worker.services.tools import Tools
from worker.store.database import Database, Rows
from worker.store.intake.acceptance import accept
from worker.store.intake.incoming import Incoming, Receipt
from worker.store.posting.lanes import lanes_with_work
from worker.store.posting.outcomes import asked_outcome, fetch_outcomes
from worker.telemetry.spans import Arriving

log = structlog.get_logger()


class Message(NamedTuple):
    """Bytes as a publisher sent them; `refusal` where it is known already that they hold no document, `trace` where one was stated.

    `publisher` is who it says that it is, `signature` and `signed_at` what proves it.
    """

    raw: bytes
    publisher: str = ""
    message_id: str = ""
    refusal: DocumentRejected | None = None
    trace: str = ""
    signature: str = ""
    signed_at: str = ""


Guard = Callable[[Rows], None]
Door = Callable[[Tools, Sequence["Message"], Sequence[Incoming]], None]

_FILED = frozenset({"new", "known", "rejected"})  # receipts of what has a place in its company's lane


def take(
    tools: Tools, messages: Sequence[Message], *, guard: Guard | None = None, door: Door | None = None
) -> list[Receipt]:
    """Accept these messages in their order, ring for their companies, and tell what is decided already.

    `guard` is asked inside the transaction whether to go on. `door` bars what its publisher may not send; without one the messages are
    our own, or an operator's. Returns a receipt for each message.
    Errors: Unavailable, and those of the guard; then nothing was accepted.
    """
    began = time.time()
    incoming = [read(message) for message in messages]
    if door is not None:
        door(tools, messages, incoming)
    arriving = _traced(tools, messages, incoming, began) if tools.spans.told else []
    receipts = store(tools.database, incoming, guard)
    if arriving:
        new = {(receipt.company, receipt.type, receipt.number) for receipt in receipts if receipt.status == "new"}
        tools.spans.accepted(arriving, new)
    _ring(tools, receipts)
    _tell(tools, messages, receipts)
    return receipts


def store(database: Database, incoming: Sequence[Incoming], guard: Guard | None = None) -> list[Receipt]:
    """Store read messages in their order.

    A master that closes a period is asked about what came before it; one that maps stock to another account lets the stock follow.

    Errors: those of the guard and of PostgreSQL; then the rest was not accepted.
    """
    receipts: list[Receipt] = []
    waiting: list[Incoming] = []
    for message in incoming:
        if asks_at_the_gate(message) or may_remap(message):
            receipts += _store(database, waiting, guard) if waiting else ()
            receipts += _store(database, [message], guard)
            waiting = []
        else:
            waiting.append(message)
    return receipts + (_store(database, waiting, guard) if waiting else [])


def outcomes_so_far(tools: Tools, messages: Sequence[Message], receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """What became of accepted messages by now, in their order."""
    filed: dict[int, list[int]] = {}
    for receipt in receipts:
        if _is_filed(receipt):
            filed.setdefault(receipt.company_id, []).append(receipt.sequence)
    stored: dict[tuple[int, int], dict[str, Any]] = {}
    asked = _asked(tools, receipts)
    if filed:
        with tools.database.transaction() as connection:
            for company_id, sequences in filed.items():
                for outcome in fetch_outcomes(connection, company_id, sequences):
                    stored[company_id, outcome["sequence"]] = outcome
    return [
        stored[receipt.company_id, receipt.sequence]
        if _is_filed(receipt)
        else asked[receipt.company, receipt.type, receipt.number]
        if receipt.status == "preview"
        else _settled(message, receipt)
        for message, receipt in zip(messages, receipts, strict=True)
    ]


def _is_filed(receipt: Receipt) -> bool:
    """Whether a message has a place in its company's lane; a master that is refused has none."""
    return receipt.status in _FILED and receipt.sequence > 0


def _asked(tools: Tools, receipts: Sequence[Receipt]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What is known so far of the previews among these."""
    keys = {(r.company, r.type, r.number) for r in receipts if r.status == "preview"}
    if not keys:
        return {}
    with tools.database.transaction() as connection:
        return {key: outcome for key in sorted(keys) if (outcome := asked_outcome(connection, *key)) is not None}


def _traced(tools: Tools, messages: Sequence[Message], incoming: Sequence[Incoming], began: float) -> list[Arriving]:
    """The documents that state a trace, noted with it before any lane can see them."""
    return tools.spans.arriving(
        (
            (message.trace, {"company": one.company, "type": one.type, "number": one.number})
            for message, one in zip(messages, incoming, strict=True)
            if message.trace and one.number and not (one.is_master or one.preview or one.barred)
        ),
        began,
    )


def _tell(tools: Tools, messages: Sequence[Message], receipts: list[Receipt]) -> None:
    """Publish the outcomes that no lane will publish: of refused messages, of masters, of documents decided long ago."""
    # What is new its lane tells, and a preview whoever answers it.
    told = (pair for pair in zip(messages, receipts, strict=True) if pair[1].status not in ("new", "preview"))
    pairs = list(told)
    if not pairs:
        return
    outcomes = [
        outcome
        for (_, receipt), outcome in zip(pairs, outcomes_so_far(tools, *zip(*pairs, strict=True)), strict=True)
        if receipt.status != "known" or outcome["status"] != "accepted"
    ]
    tools.outcomes.publish(outcomes)
    note_outcomes(outcomes)


def _settled(message: Message, receipt: Receipt) -> dict[str, Any]:
    """The outcome of a message that is settled by its acceptance: a master holds, anything else is refused.

    A refused one may have no key, or share it with the document whose number it took: its message id tells which is meant.
    """
    error = receipt.error
    if error is not None:
        details = cast("dict[str, Any]", error["details"])
        error = {**error, "details": {**details, "message_id": message.message_id} if message.message_id else details}
    return {
        "company": receipt.company,
        "type": receipt.type,
        "number": receipt.number,
        "status": "accepted" if error is None else "rejected",
        "sequence": receipt.sequence or None,
        "error": error,
    }


def _store(database: Database, incoming: list[Incoming], guard: Guard | None) -> list[Receipt]:
    try:
        with database.transaction() as connection:
            if guard is not None:
                guard(connection)
            if asks_at_the_gate(incoming[0]):
                guard_the_gate(connection, incoming[0])
            transfers = account_transfers(connection, incoming[0])
            return accept(connection, [*incoming, *transfers], canonical=canonical)[: len(incoming)]
    except psycopg.DataError as error:
        if len(incoming) == 1:
            # PostgreSQL refuses this one message. It is kept without a key, so that it can be looked into.
            log.exception(
                "a message can't be stored under its key",
                company=incoming[0].company,
                type=incoming[0].type,
                number=incoming[0].number,
                message_id=incoming[0].message_id,
            )
            return [_keep_unreadable(database, incoming[0], error, guard)]
    # One of several is at fault. Halving finds it, and keeps the order of the others.
    middle = len(incoming) // 2
    return [*_store(database, incoming[:middle], guard), *_store(database, incoming[middle:], guard)]


def _decoded(message: Message) -> AnyDocument | AnyMaster:
    if message.refusal is not None:
        raise message.refusal
    return decode(message.raw)


def _keep_unreadable(database: Database, incoming: Incoming, error: Exception, guard: Guard | None) -> Receipt:
    incoming.company = incoming.type = incoming.number = ""
    incoming.is_master = False
    incoming.error = _fault(error)
    with database.transaction() as connection:
        if guard is not None:
            guard(connection)
        return accept(connection, [incoming], canonical=canonical)[0]


def _fault(error: Exception) -> dict[str, object]:
    message = f"The message could not be read or stored for a reason of ours: {error}. Report it with its message id."
    return PerpetuaError("InternalFault", message).as_outcome()


def _ring(tools: Tools, receipts: list[Receipt]) -> None:
    lanes = {Lane(receipt.company_id, receipt.company) for receipt in receipts if receipt.status == "new"}
    if any(receipt.status == "master" for receipt in receipts):
        # A master may have released parked documents of any company.
        with tools.database.transaction() as connection:
            lanes.update(Lane(*lane) for lane in lanes_with_work(connection))
    asked = {Lane(receipt.company_id, receipt.company) for receipt in receipts if receipt.status == "preview"}
    try:
        tools.bells.ring(sorted(lanes))
        tools.preview_bells.ring(sorted(asked))
    except Unavailable as error:
        # The documents are accepted, and the sweeper rings for them as soon as the broker is back.
        log.warning("lanes wait for the sweeper", reason=error.message)


def read(message: Message) -> Incoming:
    """Decode a message as far as it goes: its key, and the refusal of its shape where it has one."""
    incoming = Incoming(
        payload=message.raw,
        content_hash=content_hash(message.raw),
        publisher=message.publisher,
        message_id=message.message_id,
    )
    try:
        decoded = _decoded(message)
        key: Key | None = key_of(decoded)
        incoming.preview = isinstance(decoded, Document) and decoded.preview
    except DocumentRejected as refusal:
        incoming.error = refusal.as_outcome()
        key = read_key(message.raw)
        incoming.preview = key is not None and asks_preview(message.raw)
    except Exception as error:
        # A fault of ours in reading one message must not hold up the stream behind it.
        log.exception("a message can't be read", message_id=message.message_id)
        incoming.error = _fault(error)
        key = None
    if key is not None:
        incoming.company, incoming.type, incoming.number = key
    incoming.is_master = incoming.type in MASTER_TYPES
    return incoming
