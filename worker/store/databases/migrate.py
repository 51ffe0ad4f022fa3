"""Bring a database to the newest schema, or say where it stands."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import sqlalchemy
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from domain.errors import PerpetuaError
from worker.store.databases.text_order import order_by_code_points

MIGRATIONS = Path(__file__).parents[1] / "migrations"
# How CREATE DATABASE words a database that fits, whatever the server's own encoding and locale are.
CODE_POINTS = "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"
_ONE_AT_A_TIME = 7_050_114  # any number will do, as long as every version of this program uses the same


def upgrade(owner_url: str, revision: str | None = None) -> None:
    """Migrate to the newest schema, or up to `revision`, in one transaction; nothing happens where it is there already.

    Two upgrades at once wait for each other. A lock that a migration cannot get within seconds fails it as a whole, so that
    it never stands in the way of posting; run it again later. Errors: psycopg's, and PerpetuaError (UnfitDatabase) for an empty
    database that can't hold the books.
    """
    with _transaction(owner_url) as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        present = _revision(connection)
        if present is None:
            _require_fit(connection)
        if present != newest():
            command.upgrade(_configuration(connection), revision or "head")
            order_by_code_points(connection)


def current(url: str) -> str | None:
    """The revision of a database, None where it has no schema yet. Errors: psycopg's."""
    with _transaction(url) as connection:
        return _revision(connection)


def newest() -> str:
    """The revision that this program needs."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None  # noqa: S101 - the package always holds its migrations
    return head


def engine_for(url: str) -> sqlalchemy.Engine:
    """A SQLAlchemy engine for migrations and their tests; the hot path uses `worker.store.database`."""
    driver = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    # Text is text also from a database of another encoding, which is then refused in words.
    return sqlalchemy.create_engine(driver, poolclass=sqlalchemy.NullPool, connect_args={"client_encoding": "UTF8"})


@contextlib.contextmanager
def _transaction(url: str) -> Iterator[sqlalchemy.Connection]:
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            yield connection
    except sqlalchemy.exc.OperationalError as error:
        # Whoever calls knows PostgreSQL by its own driver only.
        if isinstance(error.orig, psycopg.Error):
            raise error.orig from error
        raise
    finally:
        engine.dispose()


def _require_fit(connection: sqlalchemy.Connection) -> None:
    """Documents are in whatever script their publishers write: no encoding but one holds them all."""
    name, encoding = connection.exec_driver_sql("SELECT current_database(), current_setting('server_encoding')").one()
    if encoding != "UTF8":
        raise PerpetuaError(
            "UnfitDatabase",
            f"The database {name} is encoded as {encoding}, and the books need UTF8. Drop it and make it again: "
            f'CREATE DATABASE "{name}" TEMPLATE template0 {CODE_POINTS};',
            details={"database": str(name), "encoding": str(encoding)},
        )


def _revision(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _configuration(connection: sqlalchemy.Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    configuration.attributes["connection"] = connection
    return configuration
