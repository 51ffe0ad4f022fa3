"""The gate of stock accounts: only stock moves them, and nothing is built on one that differs from its stock.

Where every document moves stock and its account by the same amounts, the two can part in one way only: a document that names a stock
account itself. So that is refused (or allowed, and noted); and while an account differs, documents that touch it wait or are warned,
except those that mend it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import msgspec

from domain.books import Books, Posting
from domain.documents import AnyDocument, JournalEntry
from domain.documents.plan import Head, Plan
from domain.documents.stock_entry import StockEntry
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.out_of_sync import Drift, OutOfSync, Side, number_in
from domain.posting_time import from_instant
from domain.stock_ledger import Difference, Movement


def named_by_hand(head: Head, plan: Plan) -> set[str]:
    """Stock accounts that a document itself names: in its entries, or as the other side of a movement.

    A cancel names none; nor does what the opening entry of a migration answers for, or that entry itself.
    """
    cut_over = head.view.cut_over
    if head.type == "cancel" or (
        cut_over is not None and (head.sequence == cut_over.opening or cut_over.stands_for(head.sequence, head.at))
    ):
        return set()
    # Many rows name few accounts, and each account is asked about once.
    named = {row.contra for row in plan.movements}
    named.update([row.contra for row in plan.differences], [entry.account for entry in plan.entries])
    return {account for account in named if account and head.view.is_stock_account(account)}


def pass_gate(document: AnyDocument, head: Head, plan: Plan, books: Books, by_hand: set[str]) -> int:
    """Let a document through that may move the accounts which it touches; gives the proposal that it accepts, 0 for none.

    `by_hand` are the stock accounts that it names itself. A company that only warns gets the warning among the figures.

    Errors: DocumentRejected, DocumentParked; Lacking.
    """
    view = head.view
    if not view.perpetual:
        return 0
    mends = number_in(document.reference) if isinstance(document, JournalEntry) and by_hand else 0
    if mends:
        _require_mending(mends, by_hand, plan, books)
    elif by_hand and view.company.stock_journals == "refuse":
        raise _only_via_stock(document, by_hand)
    if not mends and books.out_of_sync and not _is_cure(document, plan, books):
        require_in_sync(plan, _touched(plan, view) | by_hand, books)
    return mends


def require_in_sync(plan: Plan, accounts: Collection[str], books: Books) -> None:
    """Hold up what would be built on an account that differs from its stock, or warn of it, as the company says.

    Errors: DocumentParked; Lacking.
    """
    view = books.view
    apart = [
        account
        for account in sorted(accounts & books.out_of_sync.keys())
        if abs(view.currency.value(books.out_of_sync[account].difference)) > view.company.sync_tolerance
    ]
    if not apart:
        return
    state = books.difference_of(apart[0])
    assert state is not None  # noqa: S101 - it was found a moment ago
    parked = _out_of_sync(view, state, apart)
    if view.company.on_out_of_sync == "block":
        raise parked
    plan.figures["warning"] = parked.as_outcome()


def drift_of(posting: Posting, plan: Plan, view: MasterView) -> list[Drift]:
    """By what a posting that names a stock account, or takes one back that did, parts stock and its accounts.

    What the opening entry of a migration stands for is measured against that entry, as a whole and from the cut-over's day on.
    """
    if not view.perpetual:
        return []
    sums: defaultdict[tuple[int, str, Any], int] = defaultdict(int)
    rows: list[Movement | Difference] = [*posting.movements, *posting.differences]
    cut_over, answered = view.cut_over, set[int]()
    if cut_over is not None:
        at, sequence = plan.place or (posting.voucher.at, posting.voucher.sequence)
        places = {(row.voucher, row.at) for row in rows} | {(sequence, at), (posting.voucher.sequence, at)}
        answered = {voucher for voucher, moment in places if cut_over.stands_for(voucher, moment)}

    def key(voucher: int, account: str, day: date) -> tuple[int, str, date]:
        if cut_over is not None and (voucher in answered or voucher == cut_over.opening):
            return cut_over.opening, account, max(day, cut_over.day)
        return voucher, account, day

    for row in rows:
        sums[key(row.voucher, row.account, row.date)] += row.amount if isinstance(row, Difference) else row.value
    stood_in = {account for _, account, _ in sums}
    for entry in posting.entries:
        if entry.account in stood_in or view.is_stock_account(entry.account):
            sums[key(entry.voucher, entry.account, entry.date)] -= entry.amount
    return [Drift(*place, amount) for place, amount in sums.items() if amount]


def _touched(plan: Plan, view: MasterView) -> set[str]:
    accounts = {movement.account for movement in plan.movements}
    accounts.update(view.present_account(d.chain.warehouse, d.account) for d in plan.differences)
    return accounts


def _is_cure(document: AnyDocument, plan: Plan, books: Books) -> bool:
    """The cancel of a cause mends; an account transfer follows what was mapped already, and must not lag behind."""
    if isinstance(document, StockEntry):
        return document.purpose == "account_transfer"
    taken_back = {link.target for link in plan.links if link.kind == "reverses"}
    return any(taken_back & state.causes for state in books.out_of_sync.values())


def _require_mending(number: int, accounts: Iterable[str], plan: Plan, books: Books) -> None:
    """A journal that names a proposal must book exactly that on each stock account. Errors: DocumentRejected; Lacking."""
    for account in sorted(accounts):
        state = books.difference_of(account)
        remedy = state.remedy(number) if state is not None else None
        if remedy is None:
            raise DocumentRejected(
                "ProposalNotOpen",
                f"reference: proposal {number} is not open for {account}, so nothing is mended by this journal. Look at "
                "perpetua reconcile proposals for what is.",
                "reference",
                {"account": account, "proposal": number},
            )
        booked = sum(entry.amount for entry in plan.entries if entry.account == account)
        if booked != remedy.amount_on(account):
            raise DocumentRejected(
                "MendingDoesNotFit",
                f"lines: proposal {number} books another amount on {account}. Accept it as it is proposed: perpetua reconcile "
                f"accept {number}.",
                "lines",
                {"account": account, "proposal": number},
            )


def _only_via_stock(document: AnyDocument, accounts: Collection[str]) -> DocumentRejected:
    account = min(accounts)
    field = place_of_account(account, msgspec.to_builtins(document, enc_hook=str)) or "lines"
    return DocumentRejected(
        "StockAccountOnlyViaStock",
        f"{field}: {account} is a stock account, which only stock documents move. Publish a stock entry or a count; to mend a "
        "difference, accept its proposal.",
        field,
        {"account": account},
    )


def place_of_account(account: str, value: Any, path: str = "") -> str:
    """Where a document (as JSON knows it) names an account: `lines[0].account`; empty where it does not."""
    if isinstance(value, dict):
        for name, inner in value.items():
            place = f"{path}.{name}" if path else str(name)
            if inner == account and str(name).endswith("account"):
                return place
            if found := place_of_account(account, inner, place):
                return found
    elif isinstance(value, list):
        return next(
            (found for at, inner in enumerate(value) if (found := place_of_account(account, inner, f"{path}[{at}]"))),
            "",
        )
    return ""


def _out_of_sync(view: MasterView, state: OutOfSync, apart: list[str]) -> DocumentParked:
    show = view.currency.show
    since = from_instant(state.since).astimezone(view.zone)
    stock_value, balance = state.stock_value or 0, state.balance or 0
    remedy = state.remedies[0] if state.remedies else None
    mend = (
        f"Accept the proposed entry (perpetua reconcile accept {remedy.number}): {_in_words(remedy.sides, show)}."
        if remedy
        else "Run perpetua reconcile run, which proposes an entry."
    )
    lies_in = f" in {', '.join(state.warehouses[:5])}" if state.warehouses else ""
    return DocumentParked(
        "ValueOutOfSync",
        f"{state.account} of {view.company.name} differs from the stock{lies_in} by {show(state.difference)} since "
        f"{since:%Y-%m-%d %H:%M:%S}: stock is worth {show(stock_value)}, the account holds {show(balance)}. {mend} What waits posts by "
        "itself then.",
        (*(f"in_sync:{account}" for account in apart), f"company:{view.company.name}"),
        details={
            "company": view.company.name, "account": state.account, "warehouses": list(state.warehouses),
            "stock_value": show(stock_value), "account_balance": show(balance), "difference": show(state.difference),
            "since": since.isoformat(), "accounts": apart,
            "proposals": [
                {"proposal": one.number, "entry": [_side(side, show) for side in one.sides]} for one in state.remedies[:20]
            ],
        },
    )  # fmt: skip


def _in_words(sides: Iterable[Side], show: Any) -> str:
    return ", ".join(
        f"debit {side.account} {show(side.debit)}" if side.debit else f"credit {side.account} {show(side.credit)}"
        for side in sides
    )


def _side(side: Side, show: Any) -> dict[str, object]:
    stated = {"account": side.account, "debit": show(side.debit), "credit": show(side.credit)}
    optional = {"party": side.party, "cost_center": side.cost_center, "dimensions": side.dimensions}
    return {**stated, **{name: value for name, value in optional.items() if value}}
