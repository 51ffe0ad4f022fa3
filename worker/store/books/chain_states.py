"""Kept states of chains: from where a repost begins, and where it sees that all is as it was.

A state holds from its place on for as long as no newer published run says otherwise about the same place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from domain.reposting import Checkpoint
from domain.stock_ledger import Balance, Layer, Shortage
from worker.store.database import Rows

KEEP_EVERY = 256  # movements
POSTING = 0  # the run of what posting itself keeps

_encode = msgspec.json.Encoder(enc_hook=int).encode


class _State(msgspec.Struct, array_like=True):
    qty: int
    value: int
    last_rate: int | None
    layers: list[Layer]
    shortages: list[tuple[int, int, int, str, str, str]]
    batches: dict[str, int] = {}


_decode = msgspec.json.Decoder(_State).decode


def state_text(balance: Balance) -> str:
    """A state as it is stored; all layers of the balance are loaded."""
    layers = [*balance.layers, *balance.newest]
    shortages = [(s.qty, s.value, s.issue, s.contra, s.cost_center, s.dimensions) for s in balance.shortages]
    return _encode(_State(balance.qty, balance.value, balance.last_rate, layers, shortages, balance.batches)).decode()


def state_of(text: str, at: int, sequence: int) -> Balance:
    """A stored state as a balance that stands at a place."""
    state = _decode(text)
    return Balance(
        qty=state.qty,
        value=state.value,
        layers=deque(state.layers),
        shortages=deque(Shortage(*shortage) for shortage in state.shortages),
        last_rate=state.last_rate,
        last_at=at,
        last_sequence=sequence,
        batches=state.batches,
    )


def nearest_state(
    connection: Rows, company: int, chain: int, at: int, sequence: int, hidden: list[int]
) -> Balance | None:
    """The last known state of a chain before a place, whatever the `hidden` runs say of it."""
    row = connection.execute(
        "SELECT at, sequence, state FROM ("
        "  SELECT DISTINCT ON (at, sequence) at, sequence, state FROM chain_state WHERE company_id = %s AND chain_id = %s "
        "  AND at <= %s AND (at, sequence) < (%s, %s) AND run_id <> ALL (%s) ORDER BY at DESC, sequence DESC, run_id DESC"
        ") known WHERE state IS NOT NULL LIMIT 1",
        [company, chain, at, at, sequence, hidden],
    ).fetchone()
    return None if row is None else state_of(row[2], row[0], row[1])


def states_between(
    connection: Rows, company: int, chain: int, after: tuple[int, int], upto: tuple[int, int] | None, hidden: list[int]
) -> Iterator[Checkpoint]:
    """The known states of a chain behind one place and up to another, in order."""
    last = upto or (2**63 - 1, 2**63 - 1)
    found = connection.execute(
        "SELECT at, sequence, state FROM ("
        "  SELECT DISTINCT ON (at, sequence) at, sequence, state FROM chain_state WHERE company_id = %s AND chain_id = %s "
        "  AND at BETWEEN %s AND %s AND (at, sequence) > (%s, %s) AND (at, sequence) <= (%s, %s) AND run_id <> ALL (%s) "
        "  ORDER BY at, sequence, run_id DESC) known WHERE state IS NOT NULL ORDER BY at, sequence",
        [company, chain, after[0], last[0], *after, *last, hidden],
    )
    for at, sequence, text in found:
        yield Checkpoint(at, sequence, state_of(text, at, sequence))


def keep_states(connection: Rows, company: int, run: int, states: Iterable[tuple[int, int, int, str | None]]) -> None:
    """Keep states (chain, posting time, sequence, text) as a run's word; the last one about a place holds."""
    latest: Mapping[tuple[int, int, int], str | None] = {
        (chain, at, sequence): text for chain, at, sequence, text in states
    }
    if not latest:
        return
    columns = list(zip(*latest, strict=True))
    connection.execute(
        "INSERT INTO chain_state (company_id, chain_id, at, sequence, run_id, state) "
        "SELECT %s, k.chain, k.at, k.sequence, %s, k.state FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::text[]) "
        "AS k (chain, at, sequence, state) "
        "ON CONFLICT (company_id, chain_id, at, sequence, run_id) DO UPDATE SET state = excluded.state",
        [company, run, *(list(column) for column in columns), list(latest.values())],
    )


def forget_superseded(connection: Rows, company: int, run: int) -> None:
    """Delete states that a published run has put others in the place of."""
    connection.execute(
        "DELETE FROM chain_state old USING chain_state new WHERE new.company_id = %(company)s AND new.run_id = %(run)s "
        "AND old.company_id = new.company_id AND old.chain_id = new.chain_id AND old.at = new.at "
        "AND old.sequence = new.sequence AND old.run_id < new.run_id",
        {"company": company, "run": run},
    )
