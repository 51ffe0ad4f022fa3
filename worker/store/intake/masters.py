"""Masters as they were sent, by name and by the order of acceptance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from worker.store.database import Rows


class MasterVersion(NamedTuple):
    """One version of a master; `company_id` 0 is shared by all companies."""

    company_id: int
    kind: str
    name: str
    acceptance: int
    payload: bytes


class Change(NamedTuple):
    """That a master got a new version at this place in the order of acceptance."""

    acceptance: int
    kind: str
    name: str


def changes_since(connection: Rows, company_id: int, acceptance: int) -> list[Change]:
    """Which masters of a company, or shared, got versions after this number of acceptance; in order."""
    found = connection.execute(
        "SELECT acceptance, kind, name FROM master WHERE acceptance > %s AND company_id IN (0, %s) ORDER BY acceptance",
        [acceptance, company_id],
    )
    return [Change(*row) for row in found]


def last_decided_acceptance(connection: Rows, company_id: int) -> int:
    """The place in the order of acceptance of the last document that the company's lane has decided, 0 before the first."""
    row = connection.execute(
        "SELECT d.acceptance FROM lane l JOIN document d ON d.company_id = l.company_id AND d.sequence = l.decided_sequence "
        "WHERE l.company_id = %s",
        [company_id],
    ).fetchone()
    return 0 if row is None else row[0]


def versions(connection: Rows, company_id: int, names: Iterable[tuple[str, str]]) -> list[MasterVersion]:
    """All versions of these (kind, name), a company's own and shared ones, oldest first."""
    wanted = list(names)
    if not wanted:
        return []
    found = connection.execute(
        "SELECT m.company_id, m.kind, m.name, m.acceptance, m.payload FROM master m "
        "JOIN unnest(%s::text[], %s::text[]) AS wanted (kind, name) USING (kind, name) "
        "WHERE m.company_id IN (0, %s) ORDER BY m.acceptance",
        [[kind for kind, _ in wanted], [name for _, name in wanted], company_id],
    )
    return [MasterVersion(row[0], row[1], row[2], row[3], row[4].encode()) for row in found]


def newest_acceptance(connection: Rows) -> int:
    """The place in the order of acceptance of whatever was accepted last."""
    row = connection.execute("SELECT last_number FROM acceptance WHERE company_id = 0").fetchone()
    return 0 if row is None else row[0]


def names_of_kind(connection: Rows, company_id: int, kind: str) -> list[str]:
    """Names of all masters of a kind, a company's own and shared ones."""
    found = connection.execute(
        "SELECT DISTINCT name FROM master WHERE company_id IN (0, %s) AND kind = %s ORDER BY name", [company_id, kind]
    )
    return [name for (name,) in found]


def newest_of_kind(connection: Rows, kind: str) -> list[tuple[int, bytes]]:
    """The newest version of every master of a kind, each with its company (0: shared), by company and name."""
    found = connection.execute(
        "SELECT DISTINCT ON (company_id, name) company_id, payload FROM master WHERE kind = %s "
        "ORDER BY company_id, name, version DESC",
        [kind],
    )
    return [(company, payload.encode()) for company, payload in found]


def first_sequence_after(connection: Rows, company_id: int, acceptance: int) -> int:
    """The sequence that the first document of a company after this number of acceptance has, or will have."""
    row = connection.execute(
        "SELECT sequence FROM document WHERE company_id = %s AND acceptance <= %s ORDER BY sequence DESC LIMIT 1",
        [company_id, acceptance],
    ).fetchone()
    return 1 if row is None else row[0] + 1


def newest_master(connection: Rows, company_id: int, kind: str, name: str) -> bytes | None:
    """The newest version of a master as it was sent, a company's own before a shared one; None where there is none."""
    row = connection.execute(
        "SELECT payload FROM master WHERE company_id IN (0, %s) AND kind = %s AND name = %s "
        "ORDER BY company_id DESC, version DESC LIMIT 1",
        [company_id, kind, name],
    ).fetchone()
    return None if row is None else row[0].encode()


def hold_acceptance(connection: Rows) -> None:
    """Let no acceptance commit until this transaction ends: whoever looks now sees every master that came before."""
    connection.execute("SELECT FROM acceptance WHERE company_id = 0 FOR SHARE")
