"""What is left over in the company's currency once a debt in another one is settled: exchange gain or loss, never a forgotten cent."""

from __future__ import annotations

from domain.books import PostedVoucher
from domain.documents.plan import Head, Plan


def settle_in_full(planned: Plan, head: Head, target: PostedVoucher) -> None:
    """Where a plan settles the rest of a document's debt in its currency, let it take the whole balance in the company's as well."""
    for owed in target.outstanding:
        key = owed.account, owed.party, owed.currency
        own = [e for e in planned.entries if e.against == target.sequence and (e.account, e.party, e.currency) == key]
        left = owed.amount + sum(entry.amount for entry in own)
        if own and left and owed.currency and owed.currency_amount + sum(entry.currency_amount for entry in own) == 0:
            planned.entry(head, owed.account, -left, party=owed.party, against=target.sequence, currency=owed.currency)
            planned.entry(head, head.view.role("exchange_gain_loss"), left)
