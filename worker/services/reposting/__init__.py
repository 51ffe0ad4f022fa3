"""Reposting as a service: requests taken up, runs in chunks, published in one short transaction each."""

from worker.services.reposting.preview import Preview, preview
from worker.services.reposting.running import RunSummary, run_pending
from worker.services.reposting.steering import pause, rank, resume, retry
from worker.services.reposting.turns import in_words, progress_in_words, repost_company, ring_reposts

__all__ = [
    "Preview",
    "RunSummary",
    "in_words",
    "pause",
    "preview",
    "progress_in_words",
    "rank",
    "repost_company",
    "resume",
    "retry",
    "ring_reposts",
    "run_pending",
]
