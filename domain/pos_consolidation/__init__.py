"""Consolidation: the sales of a till become sales invoices whose every figure is a sum of the receipts'."""

from domain.pos_consolidation.cash import Count, Waiting, count_cash, money_apart
from domain.pos_consolidation.certificate import Certificate, Root, certify, check_certificate, root_of
from domain.pos_consolidation.gathering import Gathering
from domain.pos_consolidation.grouping import Group, group, tally_of
from domain.pos_consolidation.invoice import as_invoice, figures_of, plan_invoice, require_accounts
from domain.pos_consolidation.merging import Consolidated, Sale, key_digest, merge
from domain.pos_consolidation.placing import Placement, Short, place
from domain.pos_consolidation.receipt_sums import ReceiptSums
from domain.pos_consolidation.sheet import Sheet, is_plain
from domain.pos_consolidation.soundness import Soundness, Unsound, of_unknown_cost, without_cost
from domain.pos_consolidation.tally import Origin, Tally

__all__ = [
    "Certificate",
    "Consolidated",
    "Count",
    "Gathering",
    "Group",
    "Origin",
    "Placement",
    "ReceiptSums",
    "Root",
    "Sale",
    "Sheet",
    "Short",
    "Soundness",
    "Tally",
    "Unsound",
    "Waiting",
    "as_invoice",
    "certify",
    "check_certificate",
    "count_cash",
    "figures_of",
    "group",
    "is_plain",
    "key_digest",
    "merge",
    "money_apart",
    "of_unknown_cost",
    "place",
    "plan_invoice",
    "require_accounts",
    "root_of",
    "tally_of",
    "without_cost",
]
