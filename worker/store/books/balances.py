"""Balances: the present state of each chain, its outermost layers in one row and the many between them in pages.

An issue reads and writes the layers that it touches and no others, however many are open. Pages are numbered like a deque: taken
from either end, put back at either end.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from operator import itemgetter

import msgspec

from domain.stock_ledger import Balance, Chain, Layer, Shortage
from worker.store.books.chain_states import KEEP_EVERY, POSTING, keep_states, state_text
from worker.store.books.quantity_blocks import SEAL_EVERY, seal
from worker.store.copy import copy_in
from worker.store.database import Rows
from worker.store.names.terms import Names, columns_of

# Small, because a row's layers are written anew with every posting that touches the chain.
PAGE = 8  # layers
ENDS = 4  # layers kept at each end of a row whose middle is in pages
LAYER_PAGE = "company_id, chain_id, page_no, layers_held, qty, layers"
FEW = 3 * PAGE  # up to so many layers no page is made

_layers = msgspec.json.Decoder(list[Layer])
# The hook writes quantities and rates, which are integers with a name.
_encode = msgspec.json.Encoder(enc_hook=int).encode


class _State(msgspec.Struct, array_like=True):
    """What a balance row keeps beside quantity and value; `first_page` to `last_page` hold the stored layers."""

    layers: list[Layer]
    newest: list[Layer]
    shortages: list[tuple[int, int, int, str, str, str]]
    last_rate: int | None
    stored: int
    stored_qty: int
    first_page: int
    last_page: int
    batches: dict[str, int] = {}


_state = msgspec.json.Decoder(_State)


class Balances:
    """Loads, remembers and saves the balances of one company; `loaded` may be used as the books' own."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.loaded: dict[Chain, Balance] = {}
        self._pages: dict[Chain, tuple[int, int]] = {}
        self._unkept: dict[Chain, int | None] = {}
        self._unstored: list[str] = []
        self._unsealed: Counter[int] = Counter()

    def forget(self) -> None:
        """Drop everything in memory, after another process has written or our own transaction has failed.

        Only how much there is to seal stays: what it says too much or too little does no harm.
        """
        self.loaded.clear()
        self._pages.clear()
        self._unkept.clear()
        self._unstored.clear()

    def load(self, connection: Rows, chains: Iterable[Chain]) -> None:
        """Load what is not in memory; a chain that never moved is empty."""
        missing = [chain for chain in dict.fromkeys(chains) if chain not in self.loaded]
        if not missing:
            return
        found = connection.execute(
            "SELECT k.place, c.chain_id, b.qty, b.value, b.state, b.last_at, b.last_sequence, b.unkept "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS k (item, warehouse, part, place) "
            "JOIN term i ON i.company_id = %s AND i.kind = 'item' AND i.name = k.item "
            "JOIN term w ON w.company_id = %s AND w.kind = 'warehouse' AND w.name = k.warehouse "
            "LEFT JOIN term p ON p.company_id = %s AND p.kind = 'part' AND p.name = k.part "
            "JOIN chain c ON c.company_id = %s AND c.item_id = i.term_id AND c.warehouse_id = w.term_id "
            "  AND c.part_id = CASE WHEN k.part = '' THEN 0 ELSE p.term_id END "
            "JOIN balance b ON b.company_id = %s AND b.chain_id = c.chain_id",
            [*columns_of(missing), *[self._names.company] * 5],
        )
        for place, number, qty, value, state, last_at, last_sequence, unkept in found:
            chain = missing[place - 1]
            self._unkept[chain] = unkept
            self._names.remember(chain, number)
            self.loaded[chain] = self._read(chain, qty, int(value), state, last_at, last_sequence)
        for chain in missing:
            if chain not in self.loaded:
                self.loaded[chain] = Balance()

    def load_parts(self, connection: Rows, item: str, warehouse: str) -> None:
        """Load every batch and serial number of an item in a warehouse."""
        found = connection.execute(
            "SELECT p.name FROM term i JOIN term w ON w.company_id = i.company_id AND w.kind = 'warehouse' AND w.name = %s "
            "JOIN chain c ON c.company_id = i.company_id AND c.item_id = i.term_id AND c.warehouse_id = w.term_id "
            "JOIN term p ON p.company_id = i.company_id AND p.term_id = c.part_id "
            "WHERE i.company_id = %s AND i.kind = 'item' AND i.name = %s",
            [warehouse, self._names.company, item],
        )
        self.load(connection, [Chain(item, warehouse, part) for (part,) in found])

    def load_layers(self, connection: Rows, wanted: Mapping[Chain, int], *, newest: bool) -> None:
        """Bring pages from the store until the oldest (or the newest) loaded layers of each chain hold so much, or none is stored."""
        pages = {chain: many for chain, qty in wanted.items() if (many := self._pages_short(chain, qty, newest=newest))}
        while pages:
            self._take_pages(connection, pages, newest=newest)
            pages = {chain: many for chain in pages if (many := self._pages_short(chain, wanted[chain], newest=newest))}

    def load_receipt(self, connection: Rows, chain: Chain, receipt: int) -> None:
        """Bring pages from the store until the layer of one receipt is loaded, or none is stored."""
        balance = self.loaded[chain]
        while balance.stored and all(layer.receipt != receipt for layer in (*balance.layers, *balance.newest)):
            self._take_pages(connection, {chain: 1}, newest=False)

    def save(self, connection: Rows, moved: Mapping[Chain, int | None]) -> None:
        """Write the balances of these chains, whose names are settled; each with how many movements it had, None where it awaits a repost.

        Every so many movements a chain's state is kept for good: a repost begins there.
        """
        rows, kept = [], []
        for chain in sorted(moved):
            balance, number, unkept = self.loaded[chain], self._names.chains[chain], self._count(chain, moved[chain])
            state = self._page_out(connection, chain, number, balance)
            layers = len(balance.layers) + len(balance.newest) + balance.stored
            # The more layers a state has, the less often it is kept: so keeping costs the same per movement.
            if unkept is not None and unkept >= max(KEEP_EVERY, 4 * layers):
                kept.append(chain)
                unkept = 0
            self._unkept[chain] = unkept
            rows.append(
                (number, int(balance.qty), int(balance.value), state, balance.last_at, balance.last_sequence, unkept)
            )
        self._store_pages(connection)
        if rows:
            connection.execute(
                "INSERT INTO balance (company_id, chain_id, qty, value, state, last_at, last_sequence, unkept) "
                "SELECT %s, * FROM unnest(%s::int[], %s::bigint[], %s::numeric[], %s::text[], %s::bigint[], %s::bigint[], %s::int[]) "
                "ON CONFLICT (company_id, chain_id) DO UPDATE SET qty = excluded.qty, value = excluded.value, state = excluded.state, "
                "last_at = excluded.last_at, last_sequence = excluded.last_sequence, unkept = excluded.unkept",
                [self._names.company, *map(list, zip(*rows, strict=True))],
            )
        self._keep_states(connection, kept)
        self._seal(connection, moved)

    def _seal(self, connection: Rows, moved: Mapping[Chain, int | None]) -> None:
        """Have the quantities of chains summed up that moved often since they last were; the movements themselves are written."""
        unsealed = self._unsealed
        for chain, count in moved.items():
            number = self._names.chains[chain]
            unsealed[number] += count or 0
            if unsealed[number] >= SEAL_EVERY:
                seal(connection, self._names.company, number)
                del unsealed[number]

    def replace(self, connection: Rows, balances: Mapping[Chain, Balance], unkept: Mapping[Chain, int | None]) -> None:
        """Write balances that were computed whole, in the place of whatever was stored; `unkept` as they shall be from now on."""
        connection.execute(
            "DELETE FROM layer_page WHERE company_id = %s AND chain_id = ANY(%s)",
            [self._names.company, [self._names.chains[chain] for chain in balances]],
        )
        for chain in balances:
            self._pages.pop(chain, None)
            self._unkept[chain] = 0
        self.loaded |= balances
        self.save(connection, unkept)

    def _count(self, chain: Chain, moved: int | None) -> int | None:
        before = self._unkept.get(chain, 0)
        return None if before is None or moved is None else before + moved

    def _keep_states(self, connection: Rows, chains: Sequence[Chain]) -> None:
        """Keep the states of these chains for good, with all of their layers; their pages are written already."""
        numbers, states = self._names.chains, []
        pages = _pages(connection, self._names.company, [numbers[c] for c in chains if self.loaded[c].stored])
        for chain in chains:
            balance, number = self.loaded[chain], numbers[chain]
            layers = deque([*balance.layers, *pages.get(number, ()), *balance.newest])
            whole = dataclasses.replace(balance, layers=layers, newest=deque())
            states.append((number, balance.last_at, balance.last_sequence, state_text(whole)))
        keep_states(connection, self._names.company, POSTING, states)

    def _read(self, chain: Chain, qty: int, value: int, text: str, last_at: int, last_sequence: int) -> Balance:
        state = _state.decode(text)
        if state.stored:
            self._pages[chain] = (state.first_page, state.last_page)
        return Balance(
            qty=qty,
            value=value,
            layers=deque(state.layers),
            newest=deque(state.newest),
            stored=state.stored,
            stored_qty=state.stored_qty,
            shortages=deque(Shortage(*shortage) for shortage in state.shortages),
            last_rate=state.last_rate,
            last_at=last_at,
            last_sequence=last_sequence,
            batches=state.batches,
        )

    def _pages_short(self, chain: Chain, qty: int, *, newest: bool) -> int:
        """How many pages more a chain needs so that one end holds `qty`, if its pages hold as much as they do on average."""
        balance = self.loaded[chain]
        if not balance.stored:
            return 0
        short = qty
        for layer in balance.newest if newest else balance.layers:
            short -= layer.qty
            if short <= 0:
                return 0
        first, last = self._pages[chain]
        pages = last - first + 1
        return min(pages, -(-short * pages // balance.stored_qty))

    def _take_pages(self, connection: Rows, pages: Mapping[Chain, int], *, newest: bool) -> None:
        """Bring so many pages of each chain from its newest or oldest end."""
        numbers: dict[int, Chain] = {}
        first_pages, last_pages = [], []
        for chain, many in pages.items():
            first, last = self._pages[chain]
            numbers[self._names.chains[chain]] = chain
            first_pages.append(last - many + 1 if newest else first)
            last_pages.append(last if newest else first + many - 1)
            self._pages[chain] = (first, last - many) if newest else (first + many, last)
        found = connection.execute(
            "DELETE FROM layer_page p USING unnest(%s::int[], %s::int[], %s::int[]) AS k (chain_id, first, last) "
            "WHERE p.company_id = %s AND p.chain_id = k.chain_id AND p.page_no BETWEEN k.first AND k.last "
            "RETURNING p.chain_id, p.page_no, p.layers, p.qty",
            [list(numbers), first_pages, last_pages, self._names.company],
        ).fetchall()
        # Each page goes to the inner end of what is loaded, so the outer ones come first.
        for number, _, text, qty in sorted(found, key=itemgetter(1), reverse=newest):
            balance, layers = self.loaded[numbers[number]], _layers.decode(text)
            if newest:
                balance.newest.extendleft(reversed(layers))
            else:
                balance.layers.extend(layers)
            balance.stored -= len(layers)
            balance.stored_qty -= qty

    def _page_out(self, connection: Rows, chain: Chain, number: int, balance: Balance) -> str:
        """Move layers that are too many for a row into pages; gives the text of the row's state."""
        first, last = self._pages.get(chain, (0, -1))
        if first <= last and not balance.stored:
            # A count has replaced everything, stored layers included.
            connection.execute(
                "DELETE FROM layer_page WHERE company_id = %s AND chain_id = %s", [self._names.company, number]
            )
            first, last = 0, -1
        if len(balance.layers) + len(balance.newest) > FEW:
            pages: list[tuple[int, list[Layer]]] = []
            if not balance.stored:
                # Everything between the two ends is to go into pages, from the newest end.
                balance.layers.extend(balance.newest)
                balance.newest = deque(islice(balance.layers, ENDS, None))
                balance.layers = deque(islice(balance.layers, ENDS))
            while len(balance.newest) >= ENDS + PAGE:
                last += 1
                pages.append((last, [balance.newest.popleft() for _ in range(PAGE)]))
            while len(balance.layers) >= ENDS + PAGE:
                first -= 1
                pages.append((first, [balance.layers.pop() for _ in range(PAGE)][::-1]))
            self._put_in_pages(number, balance, pages)
        if balance.stored:
            self._pages[chain] = (first, last)
        else:
            self._pages.pop(chain, None)
        return _encode(
            _State(
                layers=list(balance.layers),
                newest=list(balance.newest),
                shortages=[(s.qty, s.value, s.issue, s.contra, s.cost_center, s.dimensions) for s in balance.shortages],
                last_rate=balance.last_rate,
                stored=balance.stored,
                stored_qty=balance.stored_qty,
                first_page=first,
                last_page=last,
                batches=balance.batches,
            )
        ).decode()

    def _put_in_pages(self, number: int, balance: Balance, pages: Sequence[tuple[int, list[Layer]]]) -> None:
        """Note pages to be stored; all chains' pages are then written at once."""
        for page, layers in pages:
            qty = sum(layer.qty for layer in layers)
            balance.stored += len(layers)
            balance.stored_qty += qty
            self._unstored.append(
                f"{self._names.company}\t{number}\t{page}\t{len(layers)}\t{qty}\t{_encode(layers).decode()}\n"
            )

    def _store_pages(self, connection: Rows) -> None:
        copy_in(connection, "layer_page", LAYER_PAGE, "".join(self._unstored))
        self._unstored.clear()


def all_layers(connection: Rows, company: int, number: int) -> list[Layer]:
    """Every open layer of a chain, oldest first, for reports."""
    row = connection.execute(
        "SELECT state FROM balance WHERE company_id = %s AND chain_id = %s", [company, number]
    ).fetchone()
    if row is None:
        return []
    state = _state.decode(row[0])
    pages = _pages(connection, company, [number] if state.stored else [])
    return [*state.layers, *pages.get(number, ()), *state.newest]


def whole_balances(connection: Rows, company: int, numbers: list[int]) -> list[tuple[int, Balance]]:
    """The balances of these chains with all of their layers, for checks."""
    pages = _pages(connection, company, numbers)
    found = connection.execute(
        "SELECT chain_id, qty, value, state FROM balance WHERE company_id = %s AND chain_id = ANY(%s) ORDER BY chain_id",
        [company, numbers],
    )
    whole = []
    for number, qty, value, text in found:
        state = _state.decode(text)
        layers = deque([*state.layers, *pages.get(number, ()), *state.newest])
        shortages = deque(Shortage(*shortage) for shortage in state.shortages)
        whole.append(
            (number, Balance(qty=qty, value=int(value), layers=layers, shortages=shortages, batches=state.batches))
        )
    return whole


def _pages(connection: Rows, company: int, numbers: list[int]) -> dict[int, list[Layer]]:
    """The layers of chains that lie in pages, oldest first."""
    pages: dict[int, list[Layer]] = {}
    if numbers:
        for number, page in connection.execute(
            "SELECT chain_id, layers FROM layer_page WHERE company_id = %s AND chain_id = ANY(%s) ORDER BY chain_id, page_no",
            [company, numbers],
        ):
            pages.setdefault(number, []).extend(_layers.decode(page))
    return pages
