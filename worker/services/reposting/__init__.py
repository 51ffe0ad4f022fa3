"""Reposting as a service: requests taken up, runs in chunks, published in one short transaction each."""

from worker.services.reposting.running import RunSummary, run_pending

__all__ = ["RunSummary", "run_pending"]
