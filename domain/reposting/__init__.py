"""Reposting: posting again, in the order of posting times, and writing only the difference.

The same valuation that posts values the movements again, through every affected chain in one pass in time order. A movement whose
value changes carries the change onward: to what was transferred, produced or returned from it, and to the chain behind it. Nothing is
rewritten: for each movement the difference between what it should have booked and what the books hold is appended. A repost
never rejects; where stock turns out short the issue becomes provisional.
"""

from domain.reposting.history import Checkpoint, History, LeftOver, Recorded, TrueUpRecorded, copied
from domain.reposting.past import state_after
from domain.reposting.replay import Replay, RepostFault
from domain.reposting.state import ReplayState, StreamState, Waiting
from domain.reposting.valuing import Findings, Known

__all__ = [
    "Checkpoint",
    "Findings",
    "History",
    "Known",
    "LeftOver",
    "Recorded",
    "Replay",
    "ReplayState",
    "RepostFault",
    "StreamState",
    "TrueUpRecorded",
    "Waiting",
    "copied",
    "state_after",
]
