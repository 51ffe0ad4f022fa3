"""What the laws of the books say of a company on paper, each as a question that is answered by what is wrong, or by nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from domain.general_ledger import require_balanced
from domain.master_view import MasterView
from domain.stock_ledger import Balance, Basis, lot_of
from tests.support.paper_company import PaperCompany

STOCK_ACCOUNTS = {"Stock In Hand", "Stores", "Finished Goods"}
Figures = dict[Any, Any]


def out_of_step(company: PaperCompany) -> list[str]:
    """Laws 1 and 2 as of now: entries that don't balance, accounts apart from stock on any day, balances apart from their rows."""
    require_balanced(company.entries)
    stock: Figures = defaultdict(int)
    chains: Figures = defaultdict(lambda: [0, 0])
    for row in company.rows():
        stock[row.date, row.account] += row.amount
        chains[row.chain][0] += row.qty
        chains[row.chain][1] += row.amount
    accounts: Figures = defaultdict(int)
    for entry in company.entries:
        if entry.account in STOCK_ACCOUNTS:
            accounts[entry.date, entry.account] += entry.amount
    found = [
        f"{key}: stock {stock.get(key, 0)}, account {accounts.get(key, 0)}"
        for key in stock.keys() | accounts.keys()
        if stock.get(key, 0) != accounts.get(key, 0)
    ]
    currency = MasterView(company.masters).currency
    for chain, balance in company.balances.items():
        if chains[chain] != [balance.qty, currency.amount(balance.value)]:
            found.append(f"{chain}: rows {chains[chain]}, balance {balance.qty} worth {balance.value}")
        found += [f"{chain}: {reason}" for reason in _unsound(balance)]
    return found


def _unsound(balance: Balance) -> Iterable[str]:
    """A chain's value is that of its layers less what is short; quantity zero means value zero."""
    layers = [*balance.layers, *balance.newest]
    if not balance.qty and balance.value:
        yield f"worth {balance.value} at quantity zero"
    if balance.qty > 0 > balance.value:
        yield f"worth {balance.value}, less than nothing, at quantity {balance.qty}"
    if balance.qty != sum(layer.qty for layer in layers) - sum(short.qty for short in balance.shortages):
        yield "its layers hold another quantity"
    if balance.batches and balance.qty != sum(balance.batches.values()):
        yield "its batches hold another quantity"
    if balance.value != sum(layer.value for layer in layers) - sum(short.value for short in balance.shortages):
        yield "its layers hold another value"
    if layers and balance.shortages:
        yield "there is stock and a shortage at once"


def counts_that_do_not_hold(company: PaperCompany) -> list[str]:
    """Law 6: just after a count, the quantity is the counted one, whatever was posted before it later."""
    reversed_ = {m.source for m in company.movements if m.basis == Basis.REVERSED}
    shifted: Figures = defaultdict(int)
    for difference in company.differences:
        shifted[difference.movement] += difference.qty
    running: Figures = defaultdict(int)
    found = []
    for m in company.in_order():
        lot = lot_of(m)
        running[lot] += m.qty + shifted[m.id]
        if m.basis == Basis.COUNTED and m.counted_qty not in (None, running[lot]) and m.id not in reversed_:
            found.append(f"{lot} at {m.at}: counted {m.counted_qty}, books {running[lot]}")
    return found


def below_zero(company: PaperCompany) -> list[str]:
    """Quantities of batches and serial numbers (and of everything, where the company allows no negative stock) that fall below zero."""
    view = MasterView(company.masters)
    shifted: Figures = defaultdict(int)
    for difference in company.differences:
        shifted[difference.movement] += difference.qty
    running: Figures = defaultdict(int)
    found = []
    undone = {m.source for m in company.movements if m.basis == Basis.REVERSED}
    for m in company.in_order():
        if m.id in undone or m.basis == Basis.REVERSED:
            continue  # what was taken back at its own moment never left stock short in between
        item = view.item(m.chain.item)
        lot = m.chain.item, m.chain.warehouse, m.batch or m.chain.part
        running[lot] += m.qty + shifted[m.id]
        if running[lot] < 0 and not view.allows_negative(item):
            found.append(f"{lot} at {m.at}: {running[lot]}")
    return found


def snapshot(company: PaperCompany) -> dict[str, Figures]:
    """The books as they come out in the end: by document number, place, account and day; without when and how they came about."""
    number = {sequence: posting.voucher.number for sequence, posting in company.postings.items()}
    stock: Figures = defaultdict(lambda: (0, 0))
    for row in company.rows():
        qty, amount = stock[number[row.voucher], row.chain]
        stock[number[row.voucher], row.chain] = qty + row.qty, amount + row.amount
    vouchers: Figures = defaultdict(int)
    days: Figures = defaultdict(int)
    for entry in company.entries:
        vouchers[number[entry.voucher], entry.account, entry.party] += entry.amount
        days[entry.date, entry.account] += entry.amount
    balances = {
        chain: (
            b.qty, b.value, [(la.qty, la.value) for la in (*b.layers, *b.newest)], [(s.qty, s.value) for s in b.shortages]
        )
        for chain, b in company.balances.items()
        if b.qty or b.value
    }  # fmt: skip
    return {
        "stock": {key: value for key, value in stock.items() if any(value)},
        "vouchers": {key: value for key, value in vouchers.items() if value},
        "days": {key: value for key, value in days.items() if value},
        "balances": balances,
    }


def apart(one: PaperCompany, other: PaperCompany) -> list[str]:
    """Where the books of two companies differ."""
    first, second = snapshot(one), snapshot(other)
    return [
        f"{part} {key}: {first[part].get(key)} against {second[part].get(key)}"
        for part in first
        for key in sorted(first[part].keys() | second[part].keys(), key=str)
        if first[part].get(key) != second[part].get(key)
    ]
