"""Connections and transactions: the one way to PostgreSQL on the hot path."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Self

import psycopg

from domain.errors import Unavailable
from worker.store.arrays import ArrayDumper
from worker.store.connection import CopyingConnection

Rows = CopyingConnection

# Sessions hold no state of ours, so a pooler between us and PostgreSQL may hand out another one for every transaction.
_BEGIN = (
    "BEGIN; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL statement_timeout = '{statement}s'; "
    "SET LOCAL lock_timeout = '{lock}s'; SET LOCAL idle_in_transaction_session_timeout = '{idle}s'"
)
_AWAY = ("08", "53", "57")  # SQLSTATE classes: connection, no space or memory or slots left, operator's intervention


class Database:
    """A handful of connections, opened when needed and kept for the next transaction; safe to share between threads.

    Nothing is opened before the first transaction, so an object may be made before a process forks and used after.
    """

    def __init__(
        self, url: str, *, statement_seconds: int = 120, lock_seconds: int = 10, connect_seconds: int = 10
    ) -> None:
        self._url = url
        self._connect_seconds = connect_seconds
        self._begin = _BEGIN.format(statement=statement_seconds, lock=lock_seconds, idle=statement_seconds)
        self._idle: deque[Rows] = deque()

    @contextlib.contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[Rows]:
        """One transaction: committed at the end, rolled back on any error.

        One that is not `lasting` does not wait for the disk: for what nobody misses when PostgreSQL crashes within a second after it.
        Errors: Unavailable where PostgreSQL is away, full or shutting down; after it nothing is certain but that repeating is safe.
        """
        connection = self._open()
        try:
            yield connection
            connection.execute("COMMIT" if lasting else "SET LOCAL synchronous_commit = off; COMMIT")
        except BaseException as error:
            self._give_up(connection)
            if isinstance(error, psycopg.OperationalError) and _is_away(error, connection):
                raise _unavailable(error) from error
            raise
        self._idle.append(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _open(self) -> Rows:
        while self._idle:
            connection = self._idle.pop()
            # A connection that died while idle shows here, before anything was done on it.
            with contextlib.suppress(psycopg.OperationalError):
                connection.execute(self._begin)
                return connection
            connection.close()
        try:
            connection = CopyingConnection.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,
                application_name="perpetua",
                connect_timeout=self._connect_seconds,
                # A server or network that vanishes without a word is noticed by these, not by TCP's own patience of hours.
                keepalives_idle=30,
                keepalives_interval=10,
                keepalives_count=3,
                tcp_user_timeout=60_000,
            )
            connection.adapters.register_dumper(list, ArrayDumper)
            connection.execute(self._begin)
        except psycopg.OperationalError as error:
            raise _unavailable(error) from error
        return connection

    def _give_up(self, connection: Rows) -> None:
        connection.settle_whatever_happened()
        if connection.closed or connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            connection.close()
            return
        try:
            connection.execute("ROLLBACK")
        except psycopg.OperationalError:
            connection.close()
        else:
            self._idle.append(connection)


def _is_away(error: psycopg.OperationalError, connection: Rows) -> bool:
    return connection.closed or (error.sqlstate or "08")[:2] in _AWAY


def _unavailable(error: psycopg.OperationalError) -> Unavailable:
    reason = " ".join(str(error).split())
    return Unavailable(
        "DatabaseUnavailable", f"PostgreSQL is not available: {reason}. Nothing is lost; it is tried again."
    )
