"""The door: whether a message comes from whom it says, and whether that one may publish it. What may not is barred, kept and recorded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from domain.documents import Cancel
from domain.errors import DocumentRejected, Unavailable
from domain.masters import SHARED, Publisher
from worker.messages import decode
from worker.messages.signature import is_signed_by
from worker.services.acceptance import Message
from worker.services.publishers.register import master_of
from worker.services.publishers.sightings import sight
from worker.services.publishers.signing_keys import key_of_publisher
from worker.services.tools import Tools
from worker.signing_secret import signing_secret
from worker.store.intake.incoming import Incoming
from worker.store.intake.publishers import Known, known_publishers
from worker.telemetry.counters import BARRED

log = structlog.get_logger()

# A master that is sent again brings back what was changed since, so its signature holds for the time it was made only. Documents need no
# such bound: under one number there is one content, for ever.
MASTER_SIGNED_WITHIN_SECONDS: Final = 600
_SECONDS_DIGITS: Final = 12
REGISTRATION: Final = "publisher"

# A counter that is there at zero shows its first increase.
for _code in (
    "UnknownPublisher", "PublisherDisabled", "SignatureMissing", "WrongSignature", "SignatureOutdated", "PublisherNotAllowed",
):  # fmt: skip
    BARRED.labels(_code)


@dataclass(frozen=True, slots=True)
class _Registered:
    """A publisher as its newest master has it, and the keys that it may sign with: None where this process can't work them out."""

    master: Publisher
    keys: tuple[str, ...] | None

    @property
    def signs(self) -> bool:
        """Whoever holds a key signs everything: else anybody could publish in its name by leaving the signature out."""
        return self.master.requires_signature or self.keys != ()


def admit(tools: Tools, messages: Sequence[Message], incoming: Sequence[Incoming]) -> None:
    """Bar those messages that are not from whom they say, or that their publisher may not send.

    Errors: Unavailable, where keys are registered and this process does not know the installation's secret; and those of PostgreSQL.
    """
    required = tools.settings.signing == "required"
    registered = _registered(tools, messages)
    heard_of: set[str] = set()
    for message, read in zip(messages, incoming, strict=True):
        try:
            publisher = _identified(message, registered, required)
            if publisher is not None:
                heard_of.add(publisher.master.name)
            _require_permitted(message, read, publisher)
        except DocumentRejected as refusal:
            _bar(read, message, refusal)
    sight(tools.database, heard_of)


def _registered(tools: Tools, messages: Sequence[Message]) -> dict[str, _Registered]:
    """Those who are named by messages and registered; nothing is asked where nobody is named."""
    names = sorted({message.publisher for message in messages if message.publisher})
    if not names:
        return {}
    with tools.database.transaction() as connection:
        known = known_publishers(connection, names)
    secret = signing_secret(tools.settings)
    return {name: _Registered(master_of(one), _keys(one, secret)) for name, one in known.items()}


def _keys(known: Known, secret: str | None) -> tuple[str, ...] | None:
    if secret is None:
        return None if known.key_ids else ()
    return tuple(key_of_publisher(secret, known.name, key_id) for key_id in known.key_ids)


def _identified(message: Message, registered: dict[str, _Registered], required: bool) -> _Registered | None:
    """Who sent a message: None where that is not known and need not be. Errors: DocumentRejected, Unavailable."""
    publisher = registered.get(message.publisher)
    if publisher is None:
        if required or message.signature:
            raise _unknown(message)
        return None
    if publisher.master.disabled:
        raise DocumentRejected(
            "PublisherDisabled", f"The publisher {message.publisher} may publish nothing any more.", "publisher"
        )
    if not message.signature:
        if required or publisher.signs:
            raise DocumentRejected(
                "SignatureMissing",
                f"The message bears no signature, and {message.publisher} has to sign: "
                "state `signed_at` and `signature` beside the document.",
                "signature",
            )
    elif not _is_signed(message, publisher):
        raise DocumentRejected(
            "WrongSignature",
            f"The signature is not one of {message.publisher} over this document, made at the time that `signed_at` states. "
            "Sign the very bytes that are sent, with a key that is in use.",
            "signature",
        )
    return publisher


def _unknown(message: Message) -> DocumentRejected:
    if message.publisher:
        return DocumentRejected(
            "UnknownPublisher",
            f"No publisher {message.publisher[:140]} is registered here: perpetua publisher add registers one.",
            "publisher",
        )
    return DocumentRejected(
        "UnknownPublisher",
        "The message names no publisher: state `publisher`, `signed_at` and `signature` beside the document.",
        "publisher",
    )


def _is_signed(message: Message, publisher: _Registered) -> bool:
    if publisher.keys is None:
        # Refusing what is properly signed would be our fault laid on the publisher.
        raise Unavailable(
            "SigningSecretMissing",
            "Publishers have keys, and this process does not know the secret that they come from: set PERPETUA_SIGNING_SECRET.",
        )
    if not _is_time(message.signed_at):
        return False
    return is_signed_by(publisher.keys, message.publisher, message.signed_at, message.raw, message.signature)


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _SECONDS_DIGITS


def _require_permitted(message: Message, read: Incoming, publisher: _Registered | None) -> None:
    """Refuse what the publisher may not send; a message whose key can't be read is refused for that instead."""
    if not read.type:
        return
    if read.type == REGISTRATION:
        _require_registrar(message, publisher)
    if publisher is None:
        return
    master = publisher.master
    # A company's own master is shared like any other, and yet the company's.
    company = read.number if read.type == "company" else read.company
    if master.companies is not None and company not in master.companies:
        what = "masters that all companies share" if company == SHARED else f"documents of {company}"
        raise _not_allowed(message, f"may not publish {what}", "company")
    _require_type(message, read.type, master, "type")
    if read.type == "cancel" and read.error is None:
        cancel = decode(read.payload)
        if isinstance(cancel, Cancel):
            # A target without a type is refused for that, unless its publisher is held to types.
            _require_type(message, cancel.target.type or "document of no stated type", master, "target.type")
    if read.is_master and message.signature:
        _require_signed_now(message)


def _require_type(message: Message, kind: str, master: Publisher, field: str) -> None:
    if master.document_types is not None and kind not in master.document_types:
        raise _not_allowed(message, f"may publish no {kind}", field)


def _require_registrar(message: Message, publisher: _Registered | None) -> None:
    """Who may publish is changed by those only who are trusted with it by name, and have signed."""
    trusted = publisher is not None and REGISTRATION in (publisher.master.document_types or ())
    if not (trusted and message.signature):
        raise _not_allowed(message, "may not say who publishes what: perpetua publisher add and allow do", "type")


def _not_allowed(message: Message, what: str, field: str) -> DocumentRejected:
    who = message.publisher or "A publisher that is not named"
    return DocumentRejected("PublisherNotAllowed", f"{who} {what}.", field)


def _require_signed_now(message: Message) -> None:
    sent = _sent_at(message)
    if abs(sent - int(message.signed_at)) > MASTER_SIGNED_WITHIN_SECONDS:
        raise DocumentRejected(
            "SignatureOutdated",
            f"The master was signed {abs(sent - int(message.signed_at))} seconds from when it was sent; "
            f"at most {MASTER_SIGNED_WITHIN_SECONDS} are taken. Sign a master anew whenever it is sent.",
            "signed_at",
        )


def _sent_at(message: Message) -> int:
    """When a message came to the stream, by the stream's own clock; one that did not come by it comes now."""
    milliseconds = message.message_id.partition("-")[0]
    return int(milliseconds) // 1000 if milliseconds else int(time.time())


def _bar(read: Incoming, message: Message, refusal: DocumentRejected) -> None:
    read.barred, read.preview, read.error = True, False, refusal.as_outcome()
    BARRED.labels(refusal.code).inc()
    log.warning(
        "a message was refused at the door",
        code=refusal.code,
        publisher=message.publisher,
        message_id=message.message_id,
        company=read.company,
        type=read.type,
        number=read.number,
    )
