"""Consolidation: the sales of a till become sales invoices whose every figure is a sum of the receipts'."""

from domain.pos_consolidation.cash import Count, count_cash
from domain.pos_consolidation.certificate import Certificate, certify, check_certificate
from domain.pos_consolidation.grouping import Group, group
from domain.pos_consolidation.invoice import as_invoice, figures_of, plan_invoice
from domain.pos_consolidation.merging import Consolidated, Origin, Sale, key_digest, merge
from domain.pos_consolidation.placing import Placement, Short, place
from domain.pos_consolidation.soundness import Unsound, unsound, without_cost

__all__ = [
    "Certificate",
    "Consolidated",
    "Count",
    "Group",
    "Origin",
    "Placement",
    "Sale",
    "Short",
    "Unsound",
    "as_invoice",
    "certify",
    "check_certificate",
    "count_cash",
    "figures_of",
    "group",
    "key_digest",
    "merge",
    "place",
    "plan_invoice",
    "unsound",
    "without_cost",
]
