"""What is told to people: who hears it, how it is written for each of them, and how it reaches them."""

from worker.services.notices.sending import send_waiting

__all__ = ["send_waiting"]
