"""Text stands in the order of its code points, in whatever order the database itself sorts text.

Lists are walked from key to key, and a number is looked up by its beginning along an index: both need one order of text that no library
of languages changes with its next version. A database that sorts by the rules of a language is as good as any other once its columns say
otherwise. In one that sorts by code points itself nothing has to be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

import sqlalchemy

_BY_ITSELF = "SELECT 'Z' < 'a' AND 'a-z' < 'aa' AND 'é' > 'z'"

_COLUMNS = """
SELECT a.attrelid::regclass::text,
    string_agg(format('ALTER COLUMN %I TYPE %s COLLATE "C"', a.attname, format_type(a.atttypid, a.atttypmod)), ', ')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attcollation = 'pg_catalog.default'::regcollation
GROUP BY 1 ORDER BY 1
"""
_VIEWS = """
SELECT c.oid, c.oid::regclass::text, pg_get_viewdef(c.oid),
    array(SELECT DISTINCT d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        JOIN pg_class below ON below.oid = d.refobjid AND below.relkind = 'v'
        WHERE r.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid),
    array(SELECT format('GRANT %s ON %s TO %s', g.privilege_type, c.oid::regclass,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
        FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner)
FROM pg_class c WHERE c.relnamespace = 'books'::regnamespace AND c.relkind = 'v'
"""


class _View(NamedTuple):
    oid: int
    name: str
    definition: str
    reads: list[int]
    grants: list[str]


def order_by_code_points(connection: sqlalchemy.Connection) -> None:
    """Have every column of text that does not yet do so compare by code points, in one rewrite of each table's indexes."""
    if _run(connection, _BY_ITSELF) == [(True,)]:
        return
    tables = _run(connection, _COLUMNS)
    if not tables:
        return
    # PostgreSQL changes no column that a view reads, so the views go out of the way and come back as they were.
    views = list(_from_below(connection))
    _run(connection, f"DROP VIEW {', '.join(view.name for view in views)}")
    for table, changes in tables:
        _run(connection, f"ALTER TABLE {table} {changes}")
    for view in views:
        _run(connection, f"CREATE VIEW {view.name} AS {view.definition}")
        for grant in view.grants:
            _run(connection, grant)


def _from_below(connection: sqlalchemy.Connection) -> Iterator[_View]:
    """The views of the books, each after those that it reads."""
    views = {view.oid: view for view in map(_View._make, _run(connection, _VIEWS))}
    for oid in TopologicalSorter({oid: view.reads for oid, view in views.items()}).static_order():
        yield views[oid]


def _run(connection: sqlalchemy.Connection, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement as it stands, in which a per cent sign is one; gives the rows that it answers."""
    answered = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return [tuple(row) for row in answered] if answered.returns_rows else []
