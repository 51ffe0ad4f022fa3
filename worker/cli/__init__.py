"""The `perpetua` command: parse, call, print. Every command imports what it needs when it runs, so that help comes at once."""

from worker.cli.application import main

__all__ = ["main"]
