"""Documents handed to a worker directly: accepted like those of the stream, and decided at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from worker.bells import Lane
from worker.services.acceptance import Door, Message, outcomes_so_far, take
from worker.services.lanes import post_lane
from worker.services.previewing import answer_previews
from worker.services.tools import Tools

# Another worker may be at the lane; it then decides these documents too, and this long we look for its outcomes.
PATIENCE_SECONDS = 5.0
LOOK_EVERY_SECONDS = 0.05


def submit(
    tools: Tools, documents: Iterable[object], trace: str = "", *, door: Door | None = None
) -> list[dict[str, Any]]:
    """Accept documents (JSON text, or objects) in their order and decide them; returns an outcome for each.

    A signed document is an object as well: the fields of a message of the stream, `document` (JSON text), `publisher`, `signed_at` and
    `signature`. `trace` is the one that whoever asks is in; `door` bars what its publisher may not send.
    An outcome is `accepted` where the lane was too busy to decide within a few seconds; it is decided all the same.
    Errors: Unavailable, where nothing was accepted, or it is not known: submitting again is safe.
    """
    messages = [_message(document, trace) for document in documents]
    receipts = take(tools, messages, door=door)
    for lane in sorted({Lane(receipt.company_id, receipt.company) for receipt in receipts if receipt.sequence}):
        post_lane(tools, lane)
    for lane in sorted(
        {Lane(receipt.company_id, receipt.company) for receipt in receipts if receipt.status == "preview"}
    ):
        answer_previews(tools, lane)
    deadline = time.monotonic() + PATIENCE_SECONDS
    outcomes = outcomes_so_far(tools, messages, receipts)
    while time.monotonic() < deadline and any(_is_open(outcome) for outcome in outcomes):
        time.sleep(LOOK_EVERY_SECONDS)
        outcomes = outcomes_so_far(tools, messages, receipts)
    return outcomes


def _message(document: object, trace: str) -> Message:
    """A document as it is, or as the fields of a message; no document of the contract has a field of that name."""
    if not isinstance(document, Mapping) or "document" not in document:
        return Message(_raw(document), trace=trace)
    publisher, signature, signed_at = (
        str(document.get(name) or "").replace("\x00", "\\x00") for name in ("publisher", "signature", "signed_at")
    )
    return Message(_raw(document["document"]), publisher, trace=trace, signature=signature, signed_at=signed_at)


def _raw(document: object) -> bytes:
    return document.encode() if isinstance(document, str) else msgspec.json.encode(document)


def _is_open(outcome: dict[str, Any]) -> bool:
    """Masters have no place in a lane and hold as soon as they are accepted."""
    return outcome["status"] == "accepted" and outcome["sequence"] is not None
