"""A connection that copies rows behind its user's back.

Deciding documents keeps one core busy and copying their rows another: while PostgreSQL takes in the rows of the first documents of a
batch, the next ones are decided. Whatever is asked of the connection meanwhile waits until the copying is done, so its user need
not know, and an error of the copying is raised by what comes next, the commit at the latest.

The rows of a document that comes alone are few, and each table's own COPY would be two round trips that it waits for: they are
inserted instead, all tables' in one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg.rows import TupleRow

FEW_BYTES = 4000  # of one table; as many rows as a document of a dozen lines has

_ESCAPED = re.compile(r"\\(.)")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


class CopyingConnection(psycopg.Connection[TupleRow]):
    """A psycopg connection with `copy_behind`; one thread copies, one statement after the other."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._copier: ThreadPoolExecutor | None = None
        self._copying: list[Future[None]] = []
        self._few: list[tuple[str, str, bytes]] = []

    def copy_behind(self, table: str, columns: str, rows: bytes) -> None:
        """Start to append rows (as `worker.store.copy` tells them) to a table, after whatever is being appended already."""
        if not rows:
            return  # differences within one account have no entries
        if len(rows) <= FEW_BYTES and not self._copying:
            self._few.append((table, columns, rows))
            return
        few, self._few = self._few, []
        if self._copier is None:
            self._copier = ThreadPoolExecutor(1, thread_name_prefix="copy")
        for some in (*few, (table, columns, rows)):
            self._copying.append(self._copier.submit(self._copy, *some))

    def settle(self) -> None:
        """Wait until everything is appended. Errors: the first one of the appending."""
        if self._few:
            self._insert()
        self._wait()

    @contextlib.contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """Ask without waiting for answers, once nothing is being copied any more: a server copies only for who waits for it."""
        self._wait()
        with super().pipeline() as pipeline:
            yield pipeline

    def settle_whatever_happened(self) -> None:
        """Wait until nothing is being copied any more, before the connection is given up."""
        self._few.clear()
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

    def _wait(self) -> None:
        copying, self._copying = self._copying, []
        for copied in copying:
            copied.exception()
        for copied in copying:
            copied.result()

    def _copy(self, table: str, columns: str, rows: bytes) -> None:
        with super().cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(rows)

    def _insert(self) -> None:
        """Insert the few rows: along with what is asked next where the caller waits for no answers, else in a round trip of their own."""
        few, self._few = self._few, []
        waits = self.pgconn.pipeline_status == psycopg.pq.PipelineStatus.OFF
        with self.pipeline() if waits else contextlib.nullcontext():
            for table, columns, text in few:
                rows = [[_cell(cell) for cell in row.split("\t")] for row in text.decode()[:-1].split("\n")]
                places = f"({', '.join(['%s'] * len(rows[0]))})"
                super().cursor().execute(
                    f"INSERT INTO {table} ({columns}) VALUES {', '.join([places] * len(rows))}",
                    [cell for row in rows for cell in row],
                )


def _cell(text: str) -> str | None:
    """A value from COPY's text form."""
    if "\\" not in text:
        return text
    return None if text == "\\N" else _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), text)
