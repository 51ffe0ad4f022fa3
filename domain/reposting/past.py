"""A chain as it stood when a day was over: folded up to there by the rules that valued it, for readers. Nothing is written."""

from __future__ import annotations

from datetime import date

from domain.master_view import MasterView
from domain.reposting.history import History, Recorded
from domain.reposting.valuing import Known, Revaluation
from domain.stock_ledger import NEVER, Balance, Chain
from domain.valuation.method import method_of


def state_after(chain: Chain, day: date, until: int, history: History, view: MasterView, *, afresh: bool) -> Balance:
    """The chain's state at `until`, the instant at which `day` is over where the company is.

    `history` knows nothing that is dated later. `afresh`: from the chain's beginning on, because the states that were kept of it take later
    corrections for granted, or wait for a repost.
    """
    methods = [(since, method_of(chain, name)) for since, name in view.valuation_methods(chain.item)]
    revaluation = Revaluation(history, view, {}, lambda *_: None, Known())
    if afresh:
        balance, rows = Balance(), history.resume(chain, NEVER, 0, 0)
    else:
        balance, rows = history.open(chain, until, 0)
    for row in rows:
        if not isinstance(row, Recorded):
            continue
        movement = row.movement
        if movement.at >= until:
            break
        if movement.date <= day:  # what a closed period puts off lies before it, and is dated behind it
            method = next(method for since, method in reversed(methods) if since <= movement.voucher)
            revaluation.again(row, balance, method, 0, disturbed=False)
    return balance
