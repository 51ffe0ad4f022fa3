"""Publishing: what a run found becomes the books, together with what was posted while it was under way.

Posting goes on while a run works beside the lane. So before it is published, in the same short transaction under the lane, the pass
goes on through what has come in since. Where that is too much for one moment it is taken beside the lane first, in another round.
Where something was posted into the past of a chain, and following it would take long, that chain keeps the state that posting left it
in: what the run found for it is set aside as residue, and the next run, which is asked for then, puts it in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain.books import RepostRequest
from domain.posting_time import from_instant
from domain.reposting import Findings, Replay, ReplayState, Waiting
from domain.stock_ledger import Balance, Chain, Difference, DifferenceKind
from worker.services.reposting.sharing import Groups, items_of, keep_apart, tell_others
from worker.services.reposting.work import Work
from worker.store.books.balances import Balances
from worker.store.books.chain_states import keep_states, state_text
from worker.store.books.quantity_blocks import disturb
from worker.store.copy import stamp
from worker.store.posting.append import Appender, Counters
from worker.store.posting.lanes import LaneRow, save_lane
from worker.store.reposts.movement_blocks import last_movement
from worker.store.reposts.requests import (
    Pending,
    Run,
    ask_again,
    chains_asked_for,
    document_of,
    moved_since,
    pending_requests,
    publish_run,
    take_up,
)
from worker.store.reposts.rows import chunk_head

TAKEN_IN = 2_000  # movements valued again in the publishing transaction
MOST_ROUNDS = 6

_Ended = dict[Chain, tuple[Balance, int]]


def publish_whole(work: Work, run: Run, replay: Replay) -> None:
    """Publish a run that was begun and ended under the lane: nothing was posted meanwhile."""
    _replace(work, replay.balances, parked=set())
    _make_visible(work, run)


def publish(work: Work, run: Run, others: list[Run], laid: ReplayState) -> bool:
    """Publish a run that is complete, and let the `others` that are open know; False where it goes on beside the lane first, so much was
    posted meanwhile. Errors: MeetingError."""
    ended: _Ended = {chain: (balance, since) for chain, balance, since in laid.ended}
    asked = chains_asked_for(work.connection, work.company, work.names, ended)
    moved = moved_since(work.connection, work.company, work.names, ended, run.upto_movement)
    ends = [
        _end(work, run, chain, balance) for chain, (balance, _) in ended.items() if work.names.chains[chain] in moved
    ]
    round_ = run.progress.get("round", 0)
    if sum(moved.values()) > TAKEN_IN and round_ < MOST_ROUNDS:
        _go_on(work, run, laid, ends, round_ + 1)
        return False
    _keep_ends(work, run, ended)
    _look_at_all(work, run)
    pending = Pending([], [])
    if asked:
        waiting = pending_requests(work.connection, work.company, work.spelling)
        pending = Groups(work.connection, work.company, waiting).free(others, run.progress["items"])
    replay = work.replay(run, [*ends, *pending.requests])
    if asked and replay.advance(TAKEN_IN):
        # What was posted into the past reaches too far for now: the chains concerned stay as they are until the next run.
        pending = Pending([], [])
        replay = work.replay(run, [end for end in ends if work.names.chains[end.chain] not in asked])
    replay.run()
    take_up(work.connection, work.company, run.number, pending.numbers)
    work.add(run, replay.take())
    run.progress["rows"] = run.progress.get("rows", 0) + replay.rows
    ended |= replay.balances
    run.progress["left"] = []  # everything is known now
    keep_apart(run, {chain.item for chain in ended}, others)
    tell_others(run, others)
    parked = _parked(work, ended)
    _set_aside(work, run, [(chain, ended[chain][0]) for chain in parked])
    _replace(work, ended, parked)
    _make_visible(work, run)
    return True


def _end(work: Work, run: Run, chain: Chain, balance: Balance) -> RepostRequest:
    """A request to go on behind the last movement that the run knew of."""
    document = document_of(work.connection, work.company, run.number, work.names.chains[chain])
    at, sequence = balance.last_at, balance.last_sequence
    return RepostRequest(chain, at, sequence + 1, at, sequence, document)


def _go_on(work: Work, run: Run, laid: ReplayState, ends: list[RepostRequest], round_: int) -> None:
    """Let the run go on beside the lane through what was posted since it last looked."""
    ended: _Ended = {chain: (balance, since) for chain, balance, since in laid.ended}
    _keep_ends(work, run, ended)
    _look_at_all(work, run)
    run.progress["round"] = round_
    waiting = pending_requests(work.connection, work.company, work.spelling)
    run.progress["left"] = sorted(items_of(waiting) - set(run.progress["items"]))
    run.laid = work.laid(
        ReplayState(
            waiting=[Waiting(end.at, end.sequence, end.chain, end.document) for end in ends],
            tails=[(end.chain, (end.tail_at, end.tail_sequence)) for end in ends],
            ended=laid.ended,
            rows=laid.rows,
        )
    )


def _keep_ends(work: Work, run: Run, ended: _Ended) -> None:
    """Keep the states that chains ended in, so that the pass can go on behind them."""
    states = [
        (work.names.chains[chain], balance.last_at, balance.last_sequence, state_text(balance))
        for chain, (balance, _) in ended.items()
    ]
    keep_states(work.connection, work.company, run.number, states)


def _look_at_all(work: Work, run: Run) -> None:
    """Know the books as they are now, with what the run itself has written."""
    lane = _lane(work)
    run.upto_movement, run.upto_difference = lane.counters.movement, lane.counters.difference
    run.progress["written"] = chunk_head(work.connection, work.company).difference


def _parked(work: Work, ended: Iterable[Chain]) -> set[Chain]:
    """Chains whose past was changed by what no run has taken up yet."""
    chains = list(ended)
    asked = chains_asked_for(work.connection, work.company, work.names, chains)
    return {chain for chain in chains if work.names.chains[chain] in asked}


def _set_aside(work: Work, run: Run, parked: list[tuple[Chain, Balance]]) -> None:
    """Leave these chains worth what posting says: the rest goes to cost until the next run, which is asked for here."""
    findings = Findings()
    requests = []
    causes = work.cause_days(run)
    for chain, balance in parked:
        number = work.names.chains[chain]
        upto = balance.last_at, balance.last_sequence
        document = document_of(work.connection, work.company, run.number, number)
        amount = run.progress.get("sums", {}).get(str(number), 0)
        if amount:
            at_end = last_movement(work.connection, work.spelling, chain, number, upto, run.upto_movement)
            findings.differences.append(
                Difference(
                    movement=at_end.id, voucher=at_end.voucher, chain=chain, at=at_end.at,
                    date=work.view.effective_date(at_end.date, causes.get(document, date.min)), amount=-amount, kind=DifferenceKind.RESIDUE,
                    account=at_end.account, contra=work.view.role("cost_of_goods_sold"), document=document,
                    cost_center=at_end.cost_center, dimensions=at_end.dimensions,
                )
            )  # fmt: skip
        requests.append(RepostRequest(chain, *upto, upto[0], upto[1] - 1, document))
    work.add(run, findings)
    work.finish(run)
    ask_again(work.connection, work.names, requests, work.now)
    _lane(work).counters.request += len(requests)


def _replace(work: Work, ended: _Ended, parked: set[Chain]) -> None:
    """Put the new balances in place, but for those of parked chains."""
    chosen = {chain: balance for chain, (balance, _) in ended.items() if chain not in parked}
    waiting = _parked(work, chosen)
    unkept = {chain: None if chain in waiting else ended[chain][1] for chain in chosen}
    Balances(work.names).replace(work.connection, chosen, unkept)


def _make_visible(work: Work, run: Run) -> None:
    """End the run, and note it in the lane as a batch of no documents: what others remember of balances is void with that."""
    lane = _lane(work)
    first = Counters(**{name: getattr(lane.counters, name) for name in Counters.__slots__})
    lane.batch_no += 1
    if lane.published_batch == lane.batch_no - 1:
        lane.published_batch = lane.batch_no  # a run has no outcomes to tell
    save_lane(work.connection, lane, Appender(work.names, lane.counters, lane.batch_no, stamp(lane.now)), first)
    shifted = run.progress.get("shifted", ())
    for name in ("sums", "shifted", "written", "rows_to_go", "seconds_to_go", "items", "beside", "left", "alone"):
        run.progress.pop(name, None)
    publish_run(work.connection, work.company, run, lane.batch_no, work.now)
    disturb(work.connection, work.company, [(chain, (from_instant(at), voucher)) for chain, at, voucher in shifted])


def _lane(work: Work) -> LaneRow:
    if work.lane is None:
        raise AssertionError("a run is published under the lane")
    return work.lane
