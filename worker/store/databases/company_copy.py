"""A copy of the books of one company in a database of its own, for trying out what would be serious in the real one.

Where nobody else is connected PostgreSQL clones the whole database by itself. While a system runs, its workers always are, and PostgreSQL
refuses; then a new database gets the same schema, and the company's rows are copied as one snapshot sees them, table by table. Nobody is
disconnected, and posting goes on.

A copy is locked by whoever made it for as long as that one lives; copies that nobody locks were left behind by a kill, and the next one to
copy drops them.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import Connection, sql

from domain.errors import PerpetuaError
from worker.store.database import Database
from worker.store.databases import migrate
from worker.store.databases.throwaway import on_database
from worker.store.schema.tables import metadata

Tell = Callable[[int, int], None]  # tables copied, of how many

_COPIES = 7_050_119  # any number, as long as everybody who copies takes the same

# The schema brings these rows itself; of `acceptance` only the number is carried over.
_OWN = frozenset({"acceptance"})


@dataclass(frozen=True, slots=True)
class Logins:
    """URLs of the database to copy: of the restricted worker, of the owner of its tables, and of who may create databases."""

    worker: str
    owner: str
    creator: str


@contextlib.contextmanager
def copied(logins: Logins, company: int, tell: Tell = lambda _done, _all: None) -> Iterator[tuple[Database, str]]:
    """A copy with this company's books, dropped at the end, and in a word how it was made (`clone` or `snapshot`).

    Errors: PerpetuaError MayNotCopy where the login may not create databases; Unavailable.
    """
    source, owner = urlsplit(logins.owner).path.lstrip("/"), urlsplit(logins.owner).username or ""
    prefix = f"{source[:40]}_rehearsal_"
    name = prefix + secrets.token_hex(4)
    with psycopg.connect(on_database(logins.creator, "postgres"), autocommit=True) as creator:
        creator.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [_COPIES, name])
        _drop_left_behind(creator, prefix)
        how = _create(creator, name, source, owner)
        try:
            if how == "snapshot":
                migrate.upgrade(on_database(logins.owner, name))
                _copy_rows(logins.owner, on_database(logins.owner, name), company, tell)
            with Database(on_database(logins.worker, name)) as database:
                yield database, how
        finally:
            creator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_left_behind(creator: Connection[Any], prefix: str) -> None:
    """Copies of this database whose makers were killed before they could drop them; those of another login stay."""
    known = creator.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND pg_has_role(datdba, 'USAGE')", [prefix]
    ).fetchall()
    for (name,) in known:
        lock = [_COPIES, name]
        if creator.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", lock).fetchone() == (True,):
            creator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            creator.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)


def _create(creator: Connection[Any], name: str, source: str, owner: str) -> str:
    new, of = sql.Identifier(name), sql.Identifier(owner)
    try:
        try:
            creator.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(new, of, sql.Identifier(source)))
        except psycopg.errors.ObjectInUse:
            creator.execute(
                sql.SQL(f"CREATE DATABASE {{}} OWNER {{}} TEMPLATE template0 {migrate.CODE_POINTS}").format(new, of)
            )
            return "snapshot"
    except psycopg.errors.InsufficientPrivilege as refused:
        raise PerpetuaError(
            "MayNotCopy",
            f"The login {creator.info.user} may not create the copy: it must own the database {source} and may create others. As an "
            f'administrator: ALTER ROLE "{creator.info.user}" CREATEDB.',
            details={"login": creator.info.user},
        ) from refused
    return "clone"


def _copy_rows(source_url: str, target_url: str, company: int, tell: Tell) -> None:
    """Every row of the company, and the masters that all companies share, in one transaction on either side."""
    tables = [table for table in metadata.sorted_tables if table.name not in _OWN]
    with psycopg.connect(source_url) as source, psycopg.connect(target_url) as target:
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for done, table in enumerate(tables, 1):
            columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
            companies = [0, company] if table.name == "master" else [company]
            read = sql.SQL("COPY (SELECT {} FROM {} WHERE company_id = ANY({})) TO STDOUT (FORMAT binary)").format(
                columns, sql.Identifier(table.name), sql.Literal(companies)
            )
            write = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table.name), columns)
            with source.cursor().copy(read) as rows, target.cursor().copy(write) as into:
                for data in rows:
                    into.write(data)
            tell(done, len(tables))
        last = source.execute("SELECT last_number FROM acceptance WHERE company_id = 0").fetchone()
        target.execute("UPDATE acceptance SET last_number = %s WHERE company_id = 0", last)
    with psycopg.connect(target_url, autocommit=True) as target:
        target.execute("ANALYZE")
