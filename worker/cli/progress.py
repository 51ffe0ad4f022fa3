"""Progress of long commands: on standard error, and only where a person watches a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Count up to `total`; the callable given advances by that many."""
    with tracking(total, what) as reach:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            reach(what, done)

        yield advance


@contextmanager
def tracking(total: int, *stages: str) -> Iterator[Callable[[str, int], None]]:
    """Several stages that each reach `total` in their own time; the callable given says how far one has come."""
    if not sys.stderr.isatty():
        yield lambda _stage, _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with shown:
        began = time.monotonic()
        tasks = {stage: shown.add_task(stage, total=total, speed="") for stage in stages}

        def reach(stage: str, count: int) -> None:
            seconds = time.monotonic() - began
            shown.update(tasks[stage], completed=count, speed=f"{count / seconds:,.0f}/s" if seconds else "")

        yield reach


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Something whose end nobody knows beforehand; the callable given says where it stands."""
    if not sys.stderr.isatty():
        yield lambda _words: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as shown:
        yield lambda words: shown.update(f"{what}: {words}")
