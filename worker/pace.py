"""The pace of a process: when Python looks for garbage, and how soon a thread gets its turn."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator


def keep_for_good() -> None:
    """Leave out what has been imported and made by now whenever Python looks for garbage.

    It lives as long as the process does. To go through all of it takes tens of milliseconds, for which a document would wait.
    """
    gc.freeze()


@contextlib.contextmanager
def at_pace() -> Iterator[None]:
    """Let a batch be decided and told at its pace.

    What it makes lives to its end and holds no circles: looking for garbage meanwhile finds none and costs a third more. And the thread
    that copies rows gets its turn at once; it needs little, but PostgreSQL waits for it.
    """
    was_on, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_on:
            gc.enable()
