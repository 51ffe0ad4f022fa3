"""Reconciliation as a service: looks at a company's books, proposals and their acceptance, and what posting knows of differences."""

from worker.services.reconciliation.accepting import Acceptance, accept, missing_in
from worker.services.reconciliation.running import reconcile, run

__all__ = ["Acceptance", "accept", "missing_in", "reconcile", "run"]
