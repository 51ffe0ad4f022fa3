"""The audit trail of the desk: what is asked for is on record before anything is done, what came of it after."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TypeVar

from domain.errors import PerpetuaError
from worker.store.database import Database
from worker.store.desk.actions import Asked, write_step
from worker.store.names.companies import SHARED_COMPANY

Result = TypeVar("Result")


def audited(
    database: Database, company: int, asked: Asked, act: Callable[[], Result], told: Callable[[Result], str]
) -> Result:
    """Do what an operator asks for, between its two records; `told` words what came of it.

    Errors: those of the act, whose record says so; and of PostgreSQL, where nothing is done that can't be recorded.
    """
    action = uuid.uuid4().hex
    _write(database, company, action, 0, asked)
    try:
        result = act()
    except Exception as error:
        message = error.message if isinstance(error, PerpetuaError) else f"{type(error).__name__}: {error}"
        _write(database, company, action, 1, asked._replace(details={"refused": message}))
        raise
    _write(database, company, action, 1, asked._replace(details={"done": told(result)}))
    return result


def note_action(database: Database, user: str, address: str, action: str) -> None:
    """Record what belongs to no company, for instance that somebody logged in."""
    _write(database, SHARED_COMPANY, uuid.uuid4().hex, 0, Asked(user, address, action))


def _write(database: Database, company: int, action: str, step: int, asked: Asked) -> None:
    with database.transaction() as connection:
        write_step(connection, company, action, step, asked)
