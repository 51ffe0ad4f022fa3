"""A connection that copies rows behind its user's back.

Deciding documents keeps one core busy and copying their rows another: while PostgreSQL takes in the rows of the first documents of a
batch, the next ones are decided. Whatever is asked of the connection meanwhile waits until the copying is done, so its user need
not know, and an error of the copying is raised by what comes next, the commit at the latest.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg.rows import TupleRow


class CopyingConnection(psycopg.Connection[TupleRow]):
    """A psycopg connection with `copy_behind`; one thread copies, one statement after the other."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._copier: ThreadPoolExecutor | None = None
        self._copying: list[Future[None]] = []

    def copy_behind(self, statement: str, rows: bytes) -> None:
        """Start `COPY ... FROM STDIN` with these rows, after whatever is being copied already."""
        if self._copier is None:
            self._copier = ThreadPoolExecutor(1, thread_name_prefix="copy")
        self._copying.append(self._copier.submit(self._copy, statement, rows))

    def settle(self) -> None:
        """Wait until everything is copied. Errors: the first one of the copying."""
        if self._copying:
            copying, self._copying = self._copying, []
            for copied in copying:
                copied.exception()
            for copied in copying:
                copied.result()

    def settle_whatever_happened(self) -> None:
        """Wait until nothing is being copied any more, before the connection is given up."""
        with contextlib.suppress(psycopg.Error):
            self.settle()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """A cursor, once everything is copied. Errors: those of the copying."""
        self.settle()
        return super().cursor(*arguments, **options)

    def close(self) -> None:
        """Close the connection and end its thread."""
        self.settle_whatever_happened()
        if self._copier is not None:
            self._copier.shutdown(wait=False)
        super().close()

    def _copy(self, statement: str, rows: bytes) -> None:
        with super().cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(rows)
