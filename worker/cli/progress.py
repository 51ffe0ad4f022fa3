"""Progress of long commands: on standard error, and only where a person watches a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Count up to `total`; the callable given advances by that many."""
    if not sys.stderr.isatty():
        yield lambda _count: None
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
        task = shown.add_task(what, total=total, speed="")

        def advance(count: int) -> None:
            shown.advance(task, count)
            speed = shown.tasks[0].finished_speed or shown.tasks[0].speed
            shown.update(task, speed=f"{speed:,.0f}/s" if speed else "")

        yield advance
