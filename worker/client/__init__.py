"""The client for publishers and tills written in Python."""

from worker.client.publisher import NoOutcomeYet, Publisher, Receipt
from worker.client.till import Hold, Till

__all__ = ["Hold", "NoOutcomeYet", "Publisher", "Receipt", "Till"]
