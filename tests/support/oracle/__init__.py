"""A naive oracle of both ledgers, written apart from the engine: plain Python, fractions, and everything anew each time.

`pile` is what lies at one place, `stock` values all movements in one pass, `amounts`, `prices` and `gaps` are what documents say of
money, `ledger` is the general ledger that an accountant would write for them, `debts` what is open in it.
"""

from tests.support.oracle.ledger import Ledger
from tests.support.oracle.stock import Oracle, Place

__all__ = ["Ledger", "Oracle", "Place"]
