"""How commands reach the books: settings read, servers found or started, schema brought up where the database is our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from psycopg import Connection

    from worker.services.tools import Tools
    from worker.settings import Settings
    from worker.store.database import Database


def settings_of_command() -> Settings:
    """The settings, with logs kept for debugging: a person at a terminal gets results and one readable line of error."""
    import os

    from worker import telemetry
    from worker.settings import from_environment

    settings = from_environment()
    debugging = os.environ.get("PERPETUA_DEBUG") == "1"
    telemetry.configure(settings.log_level if debugging else "critical", settings.log_format)
    return settings


def connected_settings() -> Settings:
    """The settings with every URL filled in; embedded servers are started, and their schema is migrated."""
    from worker import servers

    settings = settings_of_command()
    connected = servers.connect(settings)
    if settings.database_url is None:
        migrate(connected)
    return connected


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema, as its owner."""
    from worker.store.databases.migrate import upgrade

    upgrade(url(settings.owner_database_url, "PERPETUA_OWNER_DATABASE_URL"))


def url(configured: str | None, name: str) -> str:
    """A URL that connecting has filled in."""
    if configured is None:
        raise CommandFailedError(f"{name} is not set: set it to the URL of your server")
    return configured


def open_command_tools() -> Tools:
    """What services work with, as a worker has it; closed again by whoever opens it."""
    from worker.broker import sender
    from worker.services.tools import open_tools
    from worker.task_seal import Seal

    settings = connected_settings()
    return open_tools(settings, sender(url(settings.broker_url, "PERPETUA_BROKER_URL"), seal=Seal(settings)))


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Database]:
    """The books, as the restricted worker role, closed again afterwards."""
    from worker.store.database import Database

    connected = settings or connected_settings()
    database = Database(url(connected.database_url, "PERPETUA_DATABASE_URL"))
    try:
        yield database
    finally:
        database.close()


def one_company(connection: Connection[Any], name: str | None) -> tuple[int, str]:
    """The company named, or the only one there is. Errors: CommandFailedError naming the choice."""
    rows = connection.execute("SELECT company_id, name FROM company WHERE company_id <> 0 ORDER BY name").fetchall()
    named = [row for row in rows if name is None or row[1] == name]
    if len(named) == 1:
        return named[0][0], named[0][1]
    known = ", ".join(row[1] for row in rows[:20])
    if not rows:
        raise CommandFailedError(
            "there is no company yet: submit its master first, for instance by perpetua submit FILE.ndjson"
        )
    if name is not None:
        raise CommandFailedError(f"there is no company {name}: choose one of {known}")
    raise CommandFailedError(f"there are several companies: add --company with one of {known}")
