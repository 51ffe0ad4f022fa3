"""The right to be the one active reader of a stream, kept in PostgreSQL so that committing and reading can't disagree about it."""

import time
from contextlib import AbstractContextManager
from typing import Any, Protocol

import psycopg

from worker.store.names.companies import SHARED_COMPANY


class LeaseLost(Exception):
    """Another reader holds the lease by now: what this one was about to write is not written."""


class _Transactions(Protocol):
    def transaction(self, *, lasting: bool = True) -> AbstractContextManager[psycopg.Connection[Any]]: ...


class StreamLease:
    """A lease on a stream, for one holder, that ends by itself `seconds` after it was last prolonged."""

    def __init__(self, database: _Transactions, stream: str, holder: str, seconds: float) -> None:
        self._database = database
        self._key = (SHARED_COMPANY, stream)
        self._holder = holder
        self._seconds = seconds
        self._prolong_at = 0.0

    def keep(self) -> bool:
        """Take the lease, or prolong it once a third of it has passed; False while another holds it."""
        now = time.monotonic()
        if now < self._prolong_at:
            return True
        # A lease that a crash forgets ends early, and whoever writes confirms it; no document that has just come waits for a disk.
        with self._database.transaction(lasting=False) as connection:
            held = connection.execute(
                "INSERT INTO stream_lease AS held (company_id, stream, holder, expires_at)"
                " VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))"
                " ON CONFLICT (company_id, stream) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at"
                " WHERE held.holder = excluded.holder OR held.expires_at < clock_timestamp() RETURNING true",
                (*self._key, self._holder, self._seconds),
            ).fetchone()
        # Counted from before the statement: the holder must never believe in a lease that the server has ended.
        self._prolong_at = now + self._seconds / 3 if held else 0.0
        return held is not None

    def confirm(self, connection: psycopg.Connection[Any]) -> None:
        """Make sure within a transaction that the lease is held, and hold it until the transaction ends. Errors: LeaseLost."""
        confirmed = connection.execute(
            "SELECT true FROM stream_lease WHERE company_id = %s AND stream = %s AND holder = %s FOR UPDATE",
            (*self._key, self._holder),
        ).fetchone()
        if not confirmed:
            self._prolong_at = 0.0
            raise LeaseLost(f"{self._holder} no longer holds the lease on {self._key[1]}")

    def release(self) -> None:
        """End the lease at once, so that another reader need not wait for it to run out."""
        self._prolong_at = 0.0
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM stream_lease WHERE company_id = %s AND stream = %s AND holder = %s",
                (*self._key, self._holder),
            )
