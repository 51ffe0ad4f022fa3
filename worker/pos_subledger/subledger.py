"""The sub-ledger's operations: each is one function in the server, loaded when the server does not know it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from redis import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

from domain.stock_ledger import Chain
from worker.pos_subledger.entry import Entry, added_up
from worker.pos_subledger.keys import chain_of, field, key, of_session
from worker.server_functions import Library

AWAY = (ConnectionLost, NoAnswer, ReadOnlyError)  # the server is away, or has just handed over to another

AT_ONCE = 1000  # sales in one step: about a millisecond in which the server does nothing else

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode

_FUNCTIONS = Library("worker.pos_subledger", "functions.lua", "perpetua_pos")


class Reservation(NamedTuple):
    """What became of a request to hold goods: held, conflict, short, stale or lost; `chain` is what is short, `free` what is left."""

    status: str
    chain: Chain | None = None
    free: int = 0


def _steps(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Sales in steps of at most `AT_ONCE`, none of which has a number twice."""
    step: dict[str, Entry] = {}
    for entry in entries:
        if len(step) == AT_ONCE or entry.number in step:
            yield [*step.values()]
            step = {}
        step[entry.number] = entry
    yield [*step.values()]


def _told(sums: Iterable[dict[str, int]]) -> list[str]:
    """What sales add up to, as the server takes it: names and amounts, these as text too."""
    return [part for name, amount in added_up(sums).items() for part in (name, str(amount))]


class Subledger:
    """The sub-ledgers of all companies in one Redis or Valkey. Errors: those of redis where the server is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    # -- sales --------------------------------------------------------------------------------------------------------

    def accept(self, company: int, session: str, entries: Sequence[Entry], *, rebuilding: bool = False) -> list[str]:
        """Take decided sales into a session, in their order; each is `new`, `known`, `conflict`, `sealed`, or `lost`.

        `lost` says that this server has not got the company's sub-ledger (any more): it has to be rebuilt first.
        """
        sales, totals = of_session(company, session)
        keys = [
            *(key(company, name) for name in ("state", "reserved", "held", "holds", "holdings", "sessions")),
            sales,
            totals,
        ]
        about = ("rebuild" if rebuilding else "", session)
        return [answer for step in _steps(entries) for answer in self._accept(keys, about, step)]

    def _accept(self, keys: Sequence[str], about: tuple[str, str], entries: list[Entry]) -> list[str]:
        """One step: sales of different numbers."""
        if not entries:
            return []
        sales = [part for entry in entries for part in (entry.number, entry.content)]
        holds = [entry.hold for entry in entries if entry.hold]
        told = _pack((sales, holds, _told(entry.goods for entry in entries), _told(entry.totals for entry in entries)))
        answers = [answer.decode() for answer in self._call("accept", keys, *about, told)]
        if len(answers) == 1:
            return answers * len(entries)
        # Some are there already, so nothing was taken: the new ones are told again without them.
        new = iter(self._accept(keys, about, [e for e, a in zip(entries, answers, strict=True) if a == "new"]))
        return [next(new) if answer == "new" else answer for answer in answers]

    def seal(self, company: int, session: str, *, sealed: bool = True) -> None:
        """Let a session take no more sales, or take them again."""
        self._call("seal", [of_session(company, session)[1]], "1" if sealed else "0")

    def drain(self, company: int, session: str, numbers: Iterable[str], stamp: int) -> int:
        """Take sales out of a session, as of the lane's batch `stamp`; gives how many were there."""
        sales, totals = of_session(company, session)
        keys = [*(key(company, name) for name in ("state", "reserved", "sessions")), sales, totals]
        return int(self._call("drain", keys, stamp, session, *numbers))

    # -- hard reservations --------------------------------------------------------------------------------------------

    def reserve(
        self, company: int, hold: str, goods: dict[Chain, tuple[int, int]], *, stamp: int, milliseconds: int
    ) -> Reservation:
        """Hold goods under a name for so long, all or none: of each chain so much, and what is there as of the batch `stamp`."""
        content = _encode([(field(chain), str(wanted)) for chain, (wanted, _) in goods.items()])
        asked = [part for chain, (wanted, there) in goods.items() for part in (field(chain), wanted, there)]
        keys = [key(company, name) for name in ("state", "reserved", "held", "holds", "holdings", "actual")]
        status, *about = self._call("reserve", keys, hold, milliseconds, stamp, content, *asked)
        if about:
            return Reservation(status.decode(), chain_of(about[0].decode()), int(about[1]))
        return Reservation(status.decode())

    def confirm(self, company: int, hold: str) -> bool:
        """Keep a hold until its sale arrives; False where it has run out."""
        return bool(self._call("confirm", self._holds(company), hold) == b"confirmed")

    def release(self, company: int, hold: str) -> bool:
        """Give a hold back; False where there is none."""
        return bool(self._call("release", self._holds(company), hold) == b"released")

    # -- reading ------------------------------------------------------------------------------------------------------

    def is_ready(self, company: int) -> bool:
        """Whether this server has the company's sub-ledger."""
        return self._redis.hget(key(company, "state"), "ready") == b"1"

    def reserved(self, company: int) -> dict[Chain, int]:
        """What open sales reserve, chain by chain."""
        found = cast("dict[bytes, bytes]", self._redis.hgetall(key(company, "reserved")))
        return {chain_of(name.decode()): int(qty) for name, qty in found.items() if int(qty)}

    def sessions(self, company: int) -> list[str]:
        """Sessions that hold sales."""
        return sorted(name.decode() for name in cast("set[bytes]", self._redis.smembers(key(company, "sessions"))))

    def totals(self, company: int, session: str) -> dict[str, int]:
        """A session's totals: `sales` (a count), `net`, `total`, `mode ...`, `tax ...` (minor units)."""
        found = cast("dict[bytes, bytes]", self._redis.hgetall(of_session(company, session)[1]))
        return {name.decode(): int(amount) for name, amount in found.items()}

    # -- rebuilding ---------------------------------------------------------------------------------------------------

    def begin_rebuild(self, company: int) -> None:
        """Forget a company's sales; until the rebuild ends, sales are `lost` and nothing can be held. Holds stay."""
        self._redis.delete(key(company, "state"))
        old = [name for session in self.sessions(company) for name in of_session(company, session)]
        self._redis.delete(key(company, "reserved"), key(company, "actual"), key(company, "sessions"), *old)

    def end_rebuild(self, company: int, stamp: int) -> None:
        """Take sales again: everything up to the lane's batch `stamp` is in."""
        self._redis.hset(key(company, "state"), mapping={"ready": "1", "stamp": stamp})

    # -- calling ------------------------------------------------------------------------------------------------------

    def _holds(self, company: int) -> list[str]:
        return [key(company, name) for name in ("held", "holds", "holdings")]

    def _call(self, function: str, keys: Sequence[str], *arguments: Any) -> Any:
        return _FUNCTIONS.call(self._redis, function, keys, *arguments)
