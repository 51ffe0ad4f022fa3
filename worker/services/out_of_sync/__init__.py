"""Accounts that differ from their stock: what follows from the causes, and what posting knows of it."""

from worker.services.out_of_sync.settling import Settlement, settle, warehouses_of
from worker.services.out_of_sync.standing import Standing

__all__ = ["Settlement", "Standing", "settle", "warehouses_of"]
