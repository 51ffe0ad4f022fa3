"""Companies by name: numbers are given on first mention and never change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import PerpetuaError
from worker.store.database import Rows

SHARED = "*"
SHARED_COMPANY = 0  # the company of masters that all companies share, `*` in documents


def company_ids(connection: Rows, names: Iterable[str]) -> dict[str, int]:
    """Numbers of the companies that exist, by name."""
    found = connection.execute("SELECT name, company_id FROM company WHERE name = ANY(%s)", [list(names)])
    return dict(found.fetchall())


def company_id(connection: Rows, name: str) -> int:
    """The number of one company. Errors: PerpetuaError (UnknownCompany) where no document ever named it."""
    found = company_ids(connection, [name]).get(name, SHARED_COMPANY)
    if found == SHARED_COMPANY:
        raise PerpetuaError(
            "UnknownCompany",
            f"No company {name!r} is known here. Check its spelling, or send its company master.",
            "company",
        )
    return found


def open_companies(connection: Rows, names: list[str]) -> dict[str, int]:
    """Create companies, each with its lane and its counter; the caller holds the lock of acceptance.

    A company is opened by the first message that names it, so that its documents keep their order even where its own master
    comes later.
    """
    created: dict[str, int] = dict(
        connection.execute(
            "INSERT INTO company (company_id, name, created_at) "
            "SELECT (SELECT max(company_id) FROM company) + place, name, clock_timestamp() "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS named (name, place) RETURNING name, company_id",
            [names],
        ).fetchall()
    )
    numbers = list(created.values())
    connection.execute("INSERT INTO intake_counter (company_id, last_sequence) SELECT unnest(%s::int[]), 0", [numbers])
    connection.execute(
        "INSERT INTO lane (company_id, decided_sequence, last_movement, last_difference, last_entry, last_link, last_request, "
        "last_term, last_chain, batch_no, published_batch, head_hash, fault_sequence, fault_attempts, vouchers, parked) "
        "SELECT unnest(%s::int[]), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ''::bytea, 0, 0, 0, 0",
        [numbers],
    )
    return created


def all_companies(connection: Rows) -> dict[str, int]:
    """Every company but the shared one, by name."""
    found = connection.execute("SELECT name, company_id FROM company WHERE company_id <> 0 ORDER BY company_id")
    return dict(found.fetchall())


@dataclass(frozen=True, slots=True)
class CompanySettings:
    """A company whose master is known, with that master's newest version as it was sent."""

    company_id: int
    name: str
    created_at: datetime
    payload: bytes


def all_settings(connection: Rows) -> list[CompanySettings]:
    """The settings of every company, a company's own master before a shared one."""
    found = connection.execute(
        "SELECT c.company_id, c.name, c.created_at, newest.payload FROM company c CROSS JOIN LATERAL ("
        "  SELECT payload FROM master m WHERE m.company_id IN (0, c.company_id) AND m.kind = 'company' AND m.name = c.name "
        "  ORDER BY m.company_id DESC, m.version DESC LIMIT 1) newest WHERE c.company_id <> 0 ORDER BY c.company_id"
    )
    return [CompanySettings(company, name, created, payload.encode()) for company, name, created, payload in found]


def company_name(connection: Rows, company: int) -> str:
    """A company's name by its number."""
    row = connection.execute("SELECT name FROM company WHERE company_id = %s", [company]).fetchone()
    assert row is not None  # noqa: S101 - numbers are given to companies that are there
    name: str = row[0]
    return name
