"""Answer a company's doorbell: decide what waits in its lane, tell the outcomes, and say in words what happened."""

from __future__ import annotations

import time
from dataclasses import dataclass

from worker.bells import Lane
from worker.services.posting import drain
from worker.services.tools import Tools

# A task that drains for longer rings for a fresh one, so that other companies' doorbells get their turn.
TURN_SECONDS = 10.0


@dataclass(slots=True)
class Turn:
    """What one turn of a lane's writer did, in numbers."""

    posted: int = 0
    rejected: int = 0
    parked: int = 0
    first: str = ""
    last: str = ""
    busy: bool = False
    more: bool = False

    def in_words(self, lane: Lane) -> str:
        """For Flower and the logs: `Grocery: 35 posted, 1 rejected, 0 parked (PR-1 ... DN-9)`."""
        if self.busy and not self.first:
            return f"{lane.company}: another worker is at it"
        if not self.first:
            return f"{lane.company}: nothing waits"
        counts = f"{self.posted} posted, {self.rejected} rejected, {self.parked} parked"
        rest = "; more wait" if self.more else ""
        return f"{lane.company}: {counts} ({self.first} ... {self.last}){rest}"
