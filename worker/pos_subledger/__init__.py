"""The sub-ledger of the point of sale in Redis: what tills sell before it reaches the ledgers."""

from worker.pos_subledger.entry import Entry, entry_of
from worker.pos_subledger.subledger import AWAY, Reservation, Subledger

__all__ = ["AWAY", "Entry", "Reservation", "Subledger", "entry_of"]
