"""The operator's hand in documents: edited as a new revision, decided anew, cancelled.

An edit never replaces what came: the original payload stays the document's key for ever, and a publisher that sends it again gets the
outcome of the edited document. Decisions use the newest revision.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.documents import AnyDocument, Document
from domain.errors import DocumentRejected
from worker.messages import decode, key_of
from worker.services.acceptance import Message
from worker.store.database import Database, Rows
from worker.store.desk.document_lists import Wanted
from worker.store.desk.document_pages import held_document, sequence_of
from worker.store.posting.outcomes import fetch_outcomes, hold_outcome, release, release_all, revise

LOOK_EVERY_SECONDS = 0.1
CANCELLABLE = frozenset({"posted", "open", "quarantined"})
UNDECIDED = frozenset({"rejected", "parked"})


def edit(database: Database, company: int, sequence: int, payload: bytes, *, actor: str, reason: str) -> int:
    """Keep an edit of a refused or parked document as its newest revision; gives the revision's number. It decides nothing yet.

    Errors: DocumentRejected where the new content is no document of the contract, has another key, or there is nothing to edit.
    """
    if not reason.strip():
        raise DocumentRejected("ReasonMissing", "reason: say why the document is edited; it is kept with it.", "reason")
    key = key_of(checked(payload))
    with database.transaction() as connection:
        held = held_document(connection, company, sequence)
        if held is None or hold_outcome(connection, company, sequence) is None:
            raise _not_waiting("edited")
        kept = (held.company, held.listed.type, held.listed.number)
        if tuple(key) != kept:
            raise DocumentRejected(
                "OtherKey",
                f"The edit is {key.type} {key.number} of {key.company}, the document {kept[1]} {kept[2]} of {kept[0]}: company, type and "
                "number stay as they came. Publish a new document instead.",
                "number",
            )
        return revise(connection, company, sequence, payload.decode(), actor, reason.strip())


def checked(payload: bytes) -> AnyDocument:
    """An edited document. Errors: DocumentRejected where it is none of the contract's."""
    message = decode(payload)
    if not isinstance(message, Document):
        raise DocumentRejected(
            "OtherKey", "type: a document can't be edited into a master. Publish it instead.", "type"
        )
    return message


def decide_anew(database: Database, company: int, sequences: Sequence[int]) -> list[int]:
    """Have refused and parked documents decided once more, in one go; gives those that will be. Whoever has the lane decides them.

    Errors: DocumentRejected where there is nothing to decide about any of them.
    """
    with database.transaction() as connection:
        released = release(connection, company, list(sequences))
    if not released:
        raise _not_waiting("decided anew")
    return released


def decide_all_anew(database: Database, company: int, wanted: Wanted) -> int:
    """Have all refused, or all parked, documents of a type and an error code decided once more; gives how many."""
    if wanted.status not in UNDECIDED:
        raise _not_waiting("decided anew")
    with database.transaction() as connection:
        return release_all(connection, company, wanted.status, type_=wanted.type_, code=wanted.code)


def cancellation(connection: Rows, company: int, sequence: int, *, actor: str, reason: str | None) -> Message:
    """The message that cancels a posted document: a document of its own, to be accepted like any other.

    Errors: DocumentRejected where the document can't be cancelled any more, or not yet.
    """
    held = held_document(connection, company, sequence)
    status = "unknown" if held is None else held.listed.status
    if held is None or status not in CANCELLABLE:
        raise DocumentRejected(
            "NotCancellable",
            f"The document is {status}: only a posted document, or a sale at a till before its closing, can be cancelled.",
        )
    message: dict[str, Any] = {
        "type": "cancel",
        "company": held.company,
        "number": _free_number(connection, company, held.listed.number),
        "target": {"type": held.listed.type, "number": held.listed.number},
        "actor": actor,
    }
    if reason:
        message["reason"] = reason
    return Message(msgspec.json.encode(message), actor)


def wait_for_outcome(database: Database, company: int, sequence: int, seconds: float) -> dict[str, Any]:
    """The outcome of a document, once it is decided or so many seconds have passed."""
    deadline = time.monotonic() + seconds
    while True:
        with database.transaction() as connection:
            (outcome,) = fetch_outcomes(connection, company, [sequence])
        if outcome["status"] != "accepted" or time.monotonic() > deadline:
            return outcome
        time.sleep(LOOK_EVERY_SECONDS)


def _free_number(connection: Rows, company: int, number: str) -> str:
    """A number for a cancellation; one that was refused before keeps its own."""
    attempt = 1
    while True:
        candidate = f"CANCEL-{number}" if attempt == 1 else f"CANCEL-{number}-{attempt}"
        if sequence_of(connection, company, "cancel", candidate) is None:
            return candidate
        attempt += 1


def _not_waiting(what: str) -> DocumentRejected:
    return DocumentRejected(
        "NotWaiting", f"The document is neither rejected nor parked now: only such a document can be {what}."
    )
