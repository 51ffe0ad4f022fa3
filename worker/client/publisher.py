"""Publish documents and learn what became of them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

import msgspec
from redis.exceptions import RedisError

from domain.documents import AnyDocument
from domain.errors import Unavailable
from domain.masters import AnyMaster
from worker import routes
from worker.broker import sender
from worker.client.asking import ask
from worker.messages import MASTER_TYPES, Key, asks_preview, decode, encode, key_of, read_key
from worker.messages.signature import sign
from worker.redis_client import connect
from worker.telemetry.spans import HEADER, current_trace

Publishable = AnyDocument | AnyMaster | Mapping[str, Any] | bytes | str


class Receipt(NamedTuple):
    """The message is in the stream. Not an acceptance: keep the document until its outcome; sending it again is always safe.

    `preview`: it was only asked what the document would change.
    """

    message_id: str
    key: Key
    preview: bool = False


class NoOutcomeYet(TimeoutError):
    """Some documents have no outcome within the time allowed; `keys` names them. Wait longer, or send them again."""

    def __init__(self, keys: Iterable[Key], seconds: float) -> None:
        self.keys = sorted(keys)
        first = f"{self.keys[0].type} {self.keys[0].number} of {self.keys[0].company}"
        super().__init__(
            f"{len(self.keys)} documents have no outcome after {seconds:g} s, the first is {first}: "
            "see that intake and a worker run, then wait longer or send them again"
        )


class Publisher:
    """Publishes to the intake stream of one installation.

    `name` is stated with every message as its publisher; with its `key` every message is signed. One object serves one thread.
    """

    def __init__(
        self, redis_url: str, *, broker_url: str | None = None, name: str | None = None, key: str | None = None
    ) -> None:
        if key is not None and name is None:
            raise ValueError("a key signs for a publisher: give the publisher's name as well")
        self._redis = connect(redis_url)
        self._name = name
        self._key = key
        self._broker = sender(broker_url or redis_url, redis_url)

    def submit(self, document: Publishable) -> Receipt:
        """Publish one document or master: typed, a mapping, or JSON.

        Errors: DocumentRejected where not even its key can be read; Unavailable where Redis is away or full.
        """
        return self.submit_many([document])[0]

    def submit_many(self, documents: Iterable[Publishable]) -> list[Receipt]:
        """Publish these in order, in one round trip. Errors: as `submit`; after Unavailable send all of them again."""
        messages = [(_key(raw), _asks(raw), raw) for raw in map(_raw, documents)]
        pipeline = self._redis.pipeline(transaction=False)
        for *_, raw in messages:
            pipeline.xadd(routes.INTAKE_STREAM, self._fields(raw))
        try:
            message_ids = pipeline.execute()
        except RedisError as error:
            message = f"Redis took no documents: {error}. Send them again once it does."
            raise Unavailable("IntakeUnavailable", message) from error
        return [
            Receipt(message_id.decode(), key, asks)
            for message_id, (key, asks, _) in zip(message_ids, messages, strict=True)
        ]

    def outcome(self, company: str, type_: str, number: str, *, seconds: float = 10.0) -> dict[str, Any] | None:
        """Ask for a document's outcome, however old; None for a key that was never accepted.

        Errors: Unavailable where no worker answers in time.
        """
        told = ask(
            self._broker, routes.DOCUMENTS_OUTCOME, (company, type_, number), queue=routes.POSTING, seconds=seconds,
            asked=f"the outcome of {type_} {number}",
        )  # fmt: skip
        return cast("dict[str, Any] | None", told)

    def wait(self, receipts: Iterable[Receipt], *, seconds: float = 60.0) -> dict[Key, dict[str, Any]]:
        """Wait until each of these has an outcome; returns them by key. Errors: NoOutcomeYet, Unavailable."""
        return dict(self.outcomes(receipts, seconds=seconds))

    def outcomes(self, receipts: Iterable[Receipt], *, seconds: float = 60.0) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Yield each document's outcome as it happens, until all have one. Errors: NoOutcomeYet, Unavailable."""
        published = list(receipts)
        waiting = {receipt.key: receipt for receipt in published}
        position = _just_before(published)
        deadline = time.monotonic() + seconds
        while waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoOutcomeYet(waiting, seconds)
            for message_id, outcome in self._told_after(position, left):
                position = message_id
                key = Key(outcome["company"], outcome["type"], outcome["number"])
                if key in waiting and _is_final(outcome) and _is_meant(waiting[key], outcome):
                    del waiting[key]
                    yield key, outcome

    def _told_after(self, position: str, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        block = max(1, int(min(seconds, 5.0) * 1000))
        try:
            reply = self._redis.xread({routes.OUTCOMES_STREAM: position}, count=1000, block=block)
        except RedisError as error:
            message = f"Redis does not tell outcomes: {error}. Documents that were accepted are not affected."
            raise Unavailable("OutcomesUnavailable", message) from error
        return [
            (message_id.decode(), msgspec.json.decode(fields[b"outcome"]))
            for _, messages in cast("list[Any]", reply)
            for message_id, fields in messages
        ]

    def _fields(self, raw: bytes) -> dict[Any, Any]:
        stated: dict[str, str | None] = {"publisher": self._name, HEADER: current_trace()}
        if self._key is not None and self._name is not None:
            stated["signed_at"] = signed_at = str(int(time.time()))
            stated["signature"] = sign(self._key, self._name, signed_at, raw)
        return {"document": raw, **{name: value for name, value in stated.items() if value is not None}}


def _raw(document: Publishable) -> bytes:
    if isinstance(document, bytes):
        return document
    if isinstance(document, str):
        return document.encode()
    if isinstance(document, Mapping):
        return msgspec.json.encode(document)
    return encode(document)


def _key(raw: bytes) -> Key:
    # Decoding says why a key cannot be read.
    return read_key(raw) or key_of(decode(raw))


def _asks(raw: bytes) -> bool:
    return b"preview" in raw and asks_preview(raw)


def _just_before(receipts: list[Receipt]) -> str:
    """A place in the outcomes stream before any outcome of these: both streams number messages by the server's clock."""
    earliest = min((int(receipt.message_id.partition("-")[0]) for receipt in receipts), default=0)
    return f"{max(earliest - 1, 0)}-0"


def _is_meant(receipt: Receipt, outcome: dict[str, Any]) -> bool:
    """Whether an outcome is that of this message.

    The answer of a preview that was asked for before is no outcome of the document itself. A refusal that names another message is that
    message's: somebody else used the same number, or this publisher's name.
    """
    if outcome["status"] == "previewed" and not receipt.preview:
        return False
    refused = (outcome.get("error") or {}).get("details", {}).get("message_id", receipt.message_id)
    return bool(refused == receipt.message_id)


def _is_final(outcome: dict[str, Any]) -> bool:
    """Masters hold as soon as they are accepted; documents are then still to be decided."""
    return outcome["status"] != "accepted" or outcome["type"] in MASTER_TYPES
