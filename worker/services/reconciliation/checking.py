"""The laws of the books asked of what has come in: what does not hold is a finding, in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from domain.errors import DocumentParked
from domain.master_view import MasterView
from domain.money import Currency
from domain.quantity import show_quantity
from domain.reconciliation.soundness import unsound
from domain.stock_ledger import Chain
from worker.store.books.balances import whole_balances
from worker.store.books.vouchers import voucher_names
from worker.store.database import Rows
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names
from worker.store.reconciliation.book_laws import astray_receipts, unbalanced_among, unbalanced_between
from worker.store.reconciliation.chain_totals import mismatches, wrong_quantities
from worker.store.reconciliation.ledger_sums import Mark
from worker.store.reconciliation.verdicts import FindingToKeep

AT_ONCE = 2_000  # balances whose layers lie in memory together


def check_rows(
    connection: Rows, company: int, view: MasterView, after: Mark, upto: Mark, again: Collection[int] = ()
) -> list[FindingToKeep]:
    """What does not hold of the documents between two marks: debits are credits, every sale is open or where its closing put it.

    `again` are vouchers that are asked of as well.
    """
    parted = unbalanced_between(connection, company, after, upto)
    if again:
        parted += unbalanced_among(connection, company, again)
    return [
        *(
            FindingToKeep(
                "DebitCreditMismatch",
                f"{_spelled(one.type)} {one.number} on {one.day}: debits less credits are {view.currency.show(one.difference)}.",
                voucher=one.voucher,
            )
            for one in parted
        ),
        *(
            FindingToKeep("ReceiptAstray", f"The sale {one.number}: {one.reason}.", voucher=one.voucher)
            for one in astray_receipts(connection, company, max(after.batch_no, 0), upto.batch_no, again)
        ),
    ]


def check_moved(
    connection: Rows, company: int, view: MasterView, upto: Mark, moved: dict[int, datetime], *, anew: bool = False
) -> list[FindingToKeep]:
    """What does not hold of these chains, each from a moment on: the quantities that they ran through, the layers that are left.

    `anew`: by the sums of the full look under way, which reach up to its own mark.
    """
    spelling = Spelling(connection, Names(company))
    return [
        *_quantities(connection, company, view, upto, moved, spelling, anew=anew),
        *_layers(connection, company, view.currency, moved, spelling),
    ]


def check_balances(
    connection: Rows, company: int, currency: Currency, upto: Mark, chains: list[int] | None
) -> list[FindingToKeep]:
    """Balances that are not what their rows come to, of these chains or of all."""
    spelling = Spelling(connection, Names(company))
    found = mismatches(connection, company, upto, chains)
    spelling.know_chains([one.chain for one in found])
    findings = []
    for one in found:
        held = f"{show_quantity(one.qty)} worth {currency.show(one.amount)}"
        rows = f"{show_quantity(one.rows_qty)} worth {currency.show(one.rows_amount)}"
        place = _place(spelling.chains[one.chain])
        findings.append(
            FindingToKeep("BalanceMismatch", f"{place}: the balance holds {held}, its rows come to {rows}.", one.chain)
        )
    return findings


def _quantities(
    connection: Rows,
    company: int,
    view: MasterView,
    upto: Mark,
    moved: dict[int, datetime],
    spelling: Spelling,
    *,
    anew: bool,
) -> list[FindingToKeep]:
    found = wrong_quantities(connection, company, upto, moved, anew=anew)
    spelling.know_chains([one.chain for one in found])
    spelling.know({one.batch for one in found})
    named = voucher_names(connection, company, {one.voucher for one in found})
    findings, seen = [], set()
    for one in found:
        chain, lot = spelling.chains[one.chain], (one.chain, one.batch)
        if lot in seen or (one.counted is None and not one.batch and _may_be_short(view, chain)):
            continue
        seen.add(lot)
        wanted = "nothing less than zero" if one.counted is None else f"{show_quantity(one.counted)}, as counted"
        after = f"{show_quantity(one.running)} after {named.get(one.voucher, str(one.voucher))}"
        place = _place(chain, spelling.names[one.batch])
        findings.append(FindingToKeep("RunningQuantity", f"{place}: {after}, which should leave {wanted}.", one.chain))
    return findings


def _may_be_short(view: MasterView, chain: Chain) -> bool:
    if chain.part:
        return False
    try:
        return view.allows_negative(view.kept_item(chain.item))
    except DocumentParked:
        return True


def _layers(
    connection: Rows, company: int, currency: Currency, moved: Collection[int], spelling: Spelling
) -> list[FindingToKeep]:
    findings = []
    numbers = sorted(moved)
    for start in range(0, len(numbers), AT_ONCE):
        for number, balance in whole_balances(connection, company, numbers[start : start + AT_ONCE]):
            for code, reason in unsound(balance, currency):
                spelling.know_chains([number])
                findings.append(FindingToKeep(code, f"{_place(spelling.chains[number])}: {reason}.", number))
    return findings


def _place(chain: Chain, batch: str = "") -> str:
    part = chain.part or batch
    return f"{chain.item}{f' ({part})' if part else ''} in {chain.warehouse}"


def _spelled(type_: str) -> str:
    return type_.replace("_", " ")
