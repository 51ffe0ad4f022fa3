"""Fairness between items: what a run takes up, and that no two runs that are open at once meet.

A small repost never waits for a large one: items are taken up by themselves, the small ones first and together, and while a run is under
way others are begun beside it, each having its turns. They stay apart by their items. Which items a run will come to shows only on its
way (a manufacture carries a cost on), so two may meet. Then the younger one steps back: what it wrote is never seen, its requests
wait, and the older one has the company to itself until it is published. Whoever comes upon an item that another run has published
meanwhile knows too little of it, and begins anew, alone. So work is lost once at most, and the books never depend on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from domain.books import RepostRequest
from domain.stock_ledger import Chain
from worker.store.reposts import Pending, Run

MOST_OPEN = 3  # runs of a company that are under way at once
TOGETHER = 20_000  # movements that are still little: items with less are reposted by one run


class MeetingError(Exception):
    """A run came to an item of another one that is open, or (`begins_anew`) that was published meanwhile."""

    def __init__(self, run: int, older: int, *, begins_anew: bool) -> None:
        super().__init__(f"run {run} came to an item of another run")
        self.run, self.older, self.begins_anew = run, older, begins_anew


def may_begin(opened: Collection[Run]) -> bool:
    """Whether another run may be begun beside these."""
    return len(opened) < MOST_OPEN and not any(run.progress.get("alone") for run in opened)


def free_requests(pending: Pending, opened: Iterable[Run]) -> Pending:
    """The requests for items that none of these runs is at."""
    taken = {item for run in opened for item in run.progress.get("items", ())}
    return _of(pending, {request.chain.item for request in pending.requests} - taken)


def first_share(pending: Pending, rows: Mapping[Chain, int]) -> Pending:
    """What one run takes up: the item with the fewest movements ahead, and more items as long as they are little together."""
    by_item: defaultdict[str, int] = defaultdict(int)
    for chain, ahead in rows.items():
        by_item[chain.item] += ahead
    chosen: set[str] = set()
    together = 0
    for item, ahead in sorted(by_item.items(), key=lambda one: (one[1], one[0])):
        together += ahead
        if chosen and together > TOGETHER:
            break
        chosen.add(item)
    return _of(pending, chosen)


def keep_apart(run: Run, items: set[str], others: Iterable[Run]) -> None:
    """Note the items that a run has come to. Errors: MeetingError where another run is, or was meanwhile, at one of them."""
    at = items | set(run.progress.get("items", ()))
    if at & set(run.progress.get("beside", ())):
        raise MeetingError(run.number, run.number, begins_anew=True)
    for other in others:
        if at & set(other.progress.get("items", ())):
            younger, older = max(run.number, other.number), min(run.number, other.number)
            raise MeetingError(younger, older, begins_anew=False)
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
