"""The client for publishers written in Python."""

from worker.client.publisher import NoOutcomeYet, Publisher, Receipt

__all__ = ["NoOutcomeYet", "Publisher", "Receipt"]
