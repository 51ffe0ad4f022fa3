"""Fairness between items: what a run takes up, and that no two runs that are open at once meet.

A small repost never waits for a large one: items are taken up by themselves, the small ones first and together, and while a run is under
way others are begun beside it, each having its turns. They stay apart by their items. Which items a run will come to shows only on its
way (a manufacture carries a cost on), so two may meet. Then the younger one steps back: what it wrote is never seen, its requests
wait, and the older one has the company to itself until it is published. Whoever comes upon an item that another run has published
meanwhile, or that was left to a later one, knows too little or too much of it: it begins anew together with that item, and alone. So
little work is lost, and the books never depend on it.

What went from one item into another within a voucher has both of its sides there, so items that such a voucher asked for go together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from domain.books import RepostRequest
from worker.store.database import Rows
from worker.store.names.terms import Names
from worker.store.reposts.requests import Pending, Run, bound_documents, rows_ahead

MOST_OPEN = 3  # runs of a company that are under way at once
TOGETHER = 20_000  # movements that are still little: items with less are reposted by one run


class MeetingError(Exception):
    """A run came to an item of another one that is open; or (`older` None) to one that it can't know well enough, and begins anew.

    `items` are those that it has come to.
    """

    def __init__(self, run: int, items: Collection[str], older: int | None = None) -> None:
        super().__init__(f"run {run} came to an item of another run")
        self.run, self.items, self.older = run, set(items), older


class Groups:
    """Waiting requests, the items that have to be reposted together in one group; `joined` are sets of items that have to as well."""

    def __init__(self, connection: Rows, company: int, pending: Pending, joined: Iterable[set[str]] = ()) -> None:
        self._connection, self._pending = connection, pending
        asked: defaultdict[int, set[str]] = defaultdict(set)
        for request in pending.requests:
            asked[request.document].add(request.chain.item)
        several = [document for document, items in asked.items() if len(items) > 1]
        group_of = {request.chain.item: {request.chain.item} for request in pending.requests}
        for items in (*(asked[document] for document in bound_documents(connection, company, several)), *joined):
            together = set(items).union(*(group_of[item] for item in items if item in group_of))
            group_of |= dict.fromkeys(together & group_of.keys(), together)
        self._groups = list({id(group): group for group in group_of.values()}.values())

    def free(self, opened: Iterable[Run], items: Collection[str] = ()) -> Pending:
        """The requests of groups of which no item is one of these runs', and, where `items` are named, some item is one of them."""
        taken = {item for run in opened for item in run.progress.get("items", ())}
        self._groups = [group for group in self._groups if not group & taken and (not items or group & set(items))]
        self._pending = _of(self._pending, set().union(*self._groups))
        return self._pending

    def first_share(self, names: Names) -> Pending:
        """What one run takes up: the group with the fewest movements ahead, and more as long as they are little together."""
        if len(self._groups) < 2:
            return self._pending
        ahead: defaultdict[str, int] = defaultdict(int)
        for chain, rows in rows_ahead(self._connection, names, self._pending.requests, TOGETHER + 1).items():
            ahead[chain.item] += rows
        chosen: set[str] = set()
        together = 0
        for rows, items in sorted((sum(ahead[item] for item in group), sorted(group)) for group in self._groups):
            together += rows
            if chosen and together > TOGETHER:
                break
            chosen.update(items)
        return _of(self._pending, chosen)


def may_begin(opened: Collection[Run]) -> bool:
    """Whether another run may be begun beside these."""
    return len(opened) < MOST_OPEN and not any(run.progress.get("alone") for run in opened)


def items_of(pending: Pending) -> set[str]:
    """The items that requests are for."""
    return {request.chain.item for request in pending.requests}


def keep_apart(run: Run, items: set[str], others: Iterable[Run]) -> None:
    """Note the items that a run has come to, before anything of it is written. Errors: MeetingError."""
    at = items | set(run.progress.get("items", ()))
    if at & {*run.progress.get("beside", ()), *run.progress.get("left", ())}:
        raise MeetingError(run.number, at)
    for other in others:
        if at & set(other.progress.get("items", ())):
            raise MeetingError(max(run.number, other.number), at, min(run.number, other.number))
    run.progress["items"] = sorted(at)


def tell_others(run: Run, others: Iterable[Run]) -> None:
    """Let the runs that are still open know which items this one publishes."""
    for other in others:
        other.progress["beside"] = sorted({*other.progress.get("beside", ()), *run.progress["items"]})


def _of(pending: Pending, items: set[str]) -> Pending:
    chosen: list[tuple[int, RepostRequest]] = [
        (number, request)
        for number, request in zip(pending.numbers, pending.requests, strict=True)
        if request.chain.item in items
    ]
    return Pending([number for number, _ in chosen], [request for _, request in chosen])
