"""`perpetua db upgrade`: bring the schema up to date."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="The database's schema.", no_args_is_help=True, rich_markup_mode=None)
    group.command("upgrade")(upgrade)
    app.add_typer(group, name="db")


def upgrade() -> None:
    """Migrate the database to the newest schema, as its owner."""
    from worker import servers
    from worker.cli.connection import migrate, url
    from worker.settings import from_environment
    from worker.store.databases.migrate import current

    settings = servers.connect(from_environment())
    migrate(settings)
    print(f"The schema is at revision {current(url(settings.owner_database_url, 'PERPETUA_OWNER_DATABASE_URL'))}.")
