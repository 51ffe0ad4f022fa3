"""Who may publish what: the register, the keys, and the door at which they are asked for."""

from worker.services.publishers.admission import admit
from worker.services.publishers.register import Given, PublisherError, Publishers, master_of

__all__ = ["Given", "PublisherError", "Publishers", "admit", "master_of"]
