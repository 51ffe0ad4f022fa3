"""Closing a till, and cancelling a closing: the two documents of a lane that make documents of their own."""

from worker.services.pos_closing.desk import LaneDesk, LaterRefused
from worker.services.pos_closing.dispatch import changes_tills

__all__ = ["LaneDesk", "LaterRefused", "changes_tills"]
