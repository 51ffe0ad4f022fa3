"""The night of each company: closings, reposts, reconciliation, mail, each exactly once for each business date."""

from worker.services.nightly.ticking import tick
from worker.services.nightly.turns import stands_in_words, work

__all__ = ["stands_in_words", "tick", "work"]
