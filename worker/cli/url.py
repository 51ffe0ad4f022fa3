"""`perpetua url`: where the servers are, for other programs: publishers, `redis-cli`, `psql`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from worker.cli.failure import CommandFailedError


class Server(StrEnum):
    """Whose URL is wanted: a server and, of PostgreSQL, the login."""

    REDIS = "redis"
    DATABASE = "database"
    OWNER = "owner"
    READER = "reader"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("url")(url)


def url(
    server: Annotated[
        Server,
        typer.Argument(
            metavar="SERVER",
            help="redis: where documents go; database: as workers log in; reader: it may only read; owner: of the schema.",
        ),
    ],
) -> None:
    """Print a server's URL, with its password.

    The configured one, else that of the embedded server, which is started where it does not run.
    """
    from worker import embedded
    from worker.cli.connection import connected_settings, settings_of_command
    from worker.cli.connection import url as filled_in

    is_ours = settings_of_command().database_url is None
    settings = connected_settings()
    if server is Server.READER:
        # Whoever runs a configured database hands out its logins; of the embedded one the passwords are ours.
        if not is_ours:
            raise CommandFailedError(
                "PERPETUA_DATABASE_URL names a server of your own: log in there as a role that only reads, such as perpetua_reader"
            )
        print(embedded.ensure_running(settings.home).reader_database_url)
        return
    named = {
        Server.REDIS: (settings.redis_url, "PERPETUA_REDIS_URL"),
        Server.DATABASE: (settings.database_url, "PERPETUA_DATABASE_URL"),
        Server.OWNER: (settings.owner_database_url, "PERPETUA_OWNER_DATABASE_URL"),
    }
    print(filled_in(*named[server]))
