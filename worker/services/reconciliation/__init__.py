"""Reconciliation as a service: looks at a company's books, proposals and their acceptance, and what posting knows of differences."""

from worker.services.reconciliation.accepting import Acceptance, accept, missing_in
from worker.services.reconciliation.anew import go_on, tonight
from worker.services.reconciliation.anew import in_words as anew_in_words
from worker.services.reconciliation.running import reconcile, run

__all__ = ["Acceptance", "accept", "anew_in_words", "go_on", "missing_in", "reconcile", "run", "tonight"]
