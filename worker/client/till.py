"""A till: hold goods before they are sold, sell them, or give them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast
from uuid import uuid4

from worker import routes
from worker.broker import sender
from worker.client.asking import ask
from worker.client.publisher import Publisher, Receipt

HOLDS_SECONDS = 300


class Hold(NamedTuple):
    """The answer to a till that asked for goods.

    `status` is held, or short: then `short` names item, warehouse and batch, and how much is `free`.
    """

    reservation: str
    status: str
    short: Mapping[str, str]

    @property
    def is_held(self) -> bool:
        """Whether the goods are kept for this till."""
        return self.status == "held"


class Till:
    """One till of a company, on one installation; `name` and `key` are those of a `Publisher`. One object serves one thread.

    Goods that it holds are kept from other tills that ask. A sale that names its hold takes the hold's place; a hold that nobody sells,
    confirms or releases runs out by itself.
    """

    def __init__(
        self, redis_url: str, company: str, name: str, *, broker_url: str | None = None, key: str | None = None
    ) -> None:
        self._company = company
        self._name = name
        self._publisher = Publisher(redis_url, broker_url=broker_url, name=name, key=key)
        self._broker = sender(broker_url or redis_url, redis_url)

    def reserve(self, lines: Iterable[Mapping[str, Any]], *, lasts: int = HOLDS_SECONDS, seconds: float = 10.0) -> Hold:
        """Hold goods for so many seconds, all or none; a line has item, warehouse, qty in stock units, and batch if there is one.

        Errors: Unavailable where no worker answers within `seconds`: should one have held them after all, they run out by themselves;
        PerpetuaError for a company that nobody knows.
        """
        name = f"{self._name} {uuid4().hex}"
        told = dict(
            self._ask(routes.POS_RESERVE, (name, [dict(line) for line in lines], lasts), "what is held", seconds)
        )
        return Hold(told.pop("reservation"), told.pop("status"), told)

    def sell(self, document: Mapping[str, Any], hold: Hold | None = None) -> Receipt:
        """Publish a sale, in the place of what was held for it. Errors: as `Publisher.submit`; sending it again is always safe."""
        return self._publisher.submit(document if hold is None else {**document, "reservation": hold.reservation})

    def wait(self, receipts: Iterable[Receipt], *, seconds: float = 60.0) -> list[dict[str, Any]]:
        """The outcome of each sale, in their order. Errors: NoOutcomeYet, Unavailable."""
        published = list(receipts)
        told = self._publisher.wait(published, seconds=seconds)
        return [told[receipt.key] for receipt in published]

    def confirm(self, hold: Hold, *, seconds: float = 10.0) -> bool:
        """Keep a hold until its sale arrives, however late; False where it has run out. Errors: Unavailable."""
        return cast("bool", self._ask(routes.POS_CONFIRM, (hold.reservation,), "whether it is still held", seconds))

    def release(self, hold: Hold, *, seconds: float = 10.0) -> bool:
        """Give a hold back; False where there is none any more. Errors: Unavailable."""
        return cast("bool", self._ask(routes.POS_RELEASE, (hold.reservation,), "whether it was released", seconds))

    def _ask(self, task: str, arguments: tuple[Any, ...], asked: str, seconds: float) -> Any:
        return ask(self._broker, task, (self._company, *arguments), queue=routes.POS, seconds=seconds, asked=asked)
