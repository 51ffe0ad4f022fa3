"""From the stream into the store: one reader, in order, nothing acknowledged before it is committed."""

from worker.intake.process import run

__all__ = ["run"]
