"""Every error code of the system: its family, what it means and what to do about it, as data; one file for each field."""

from domain.error_catalogue.accounts import ACCOUNTS
from domain.error_catalogue.entry import Entry, Family
from domain.error_catalogue.messages import MESSAGES
from domain.error_catalogue.migration import MIGRATION
from domain.error_catalogue.operators import OPERATORS
from domain.error_catalogue.stock import STOCK
from domain.error_catalogue.system import SYSTEM
from domain.error_catalogue.tills import TILLS
from domain.error_catalogue.trade import TRADE

CATALOGUE: dict[str, Entry] = {
    **MESSAGES, **TRADE, **STOCK, **ACCOUNTS, **TILLS, **OPERATORS, **MIGRATION, **SYSTEM,
}  # fmt: skip

__all__ = ["CATALOGUE", "Entry", "Family"]
