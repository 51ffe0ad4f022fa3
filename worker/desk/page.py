"""What every page and every action of the desk has in common: a company, a read in a thread, a word about what was done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
import structlog
from tornado.web import HTTPError

from domain.errors import PerpetuaError, Unavailable
from worker.desk import words
from worker.desk.guard import Guard
from worker.desk.roles import Role
from worker.reports.scope import scope_of
from worker.services.auditing import audited
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.desk.actions import Asked
from worker.store.names.companies import all_companies

log = structlog.get_logger()

TOLD_COOKIE: Final = "perpetua_told"
COMPANY_COOKIE: Final = "perpetua_company"
PAGE_ROWS: Final = 50


class Company(NamedTuple):
    """The company that a page is about; times are shown in its zone, in UTC where none is said."""

    number: int
    name: str
    time_zone: str = ""


class Told(NamedTuple):
    """What came of an action, in words, and the page to go on with."""

    words: str
    page: str
    well: bool = True


class DeskHandler(Guard):
    """A handler that works with the books."""

    @property
    def tools(self) -> Tools:
        """Database, doorbells and the rest, shared by all requests."""
        return self.desk.tools

    def companies(self) -> dict[str, int]:
        """The number of every company, by name."""
        with self.tools.database.transaction() as connection:
            return all_companies(connection)

    async def in_books(self, work: Any, *arguments: Any) -> Any:
        """Work in a thread; what is away or too slow becomes an answer. Errors: HTTPError."""
        try:
            return await self.in_thread(work, *arguments)
        except Unavailable as error:
            raise HTTPError(503, "%s", error.message) from error
        except psycopg.DataError as error:
            raise HTTPError(400, "PostgreSQL knows no such value.") from error
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
            raise HTTPError(
                503, "PostgreSQL was busy with something else for too long. Try again in a moment."
            ) from error

    def show(self, template: str, **content: Any) -> None:
        """Render a page of ours."""
        company = content.get("company")
        zone = ZoneInfo(company.time_zone) if company is not None and company.time_zone else UTC
        told = self.get_signed_cookie(TOLD_COOKIE)
        if told is not None:
            self.clear_cookie(TOLD_COOKIE)
        self.render(
            template,
            url_prefix=None,
            told=told.decode() if told else "",
            may=lambda role: self.current_user is not None and self.current_user.may(Role(role)),
            words=words,
            time=partial(words.time, zone=zone),
            **content,
        )

    def go_on(self, told: Told) -> None:
        """Go to the page after an action, with a word about it."""
        mark = "" if told.well else "!"
        self.set_signed_cookie(
            TOLD_COOKIE,
            (mark + told.words)[:2000],
            expires_days=None,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
        )
        self.redirect(told.page, status=303)

    def address_of(self, **parameters: Any) -> str:
        """This page with other parameters."""
        kept = {name: self.get_query_argument(name, "") for name in self.request.query_arguments}
        stated = {name: str(value) for name, value in {**kept, **parameters}.items() if value not in (None, "")}
        return f"{self.request.path}?{urlencode(stated)}" if stated else self.request.path


class Page(DeskHandler, ABC):
    """A page about one company: `read` runs in a thread, in a transaction that can't write, and gives the template's content."""

    tab: ClassVar[str]
    template: ClassVar[str]

    async def get(self, company: str, *at: str) -> None:
        """Show it. Errors: HTTPError 404."""
        content = await self.in_books(self._read, int(company), at)
        self.set_cookie(COMPANY_COOKIE, company, expires_days=90, httponly=True, samesite="Lax", secure=self.secure)
        self.show(self.template, tab=self.tab, **content)

    @abstractmethod
    def read(self, connection: Rows, company: Company, *at: str) -> dict[str, Any]:
        """What the page shows. Errors: HTTPError 404 where there is nothing."""

    def after(self, name: str) -> tuple[datetime, str] | None:
        """Where a list by time goes on: `at` and what `name` says in the address, None at its beginning and for what no page says."""
        try:
            moment = datetime.fromisoformat(self.get_query_argument("at", ""))
        except ValueError:
            return None
        return None if moment.tzinfo is None else (moment, self.get_query_argument(name, "").replace("\0", ""))

    def by_time(self, rows: list[Any], name: str, of: Callable[[Any], str]) -> dict[str, Any]:
        """A page of a list by time: its rows, and where it begins and goes on. It reads one row more than it shows."""
        last = page_after(rows, lambda row: {"at": row.at.isoformat(), name: of(row)})
        return {
            "rows": rows[:PAGE_ROWS],
            "older": self.address_of(**last) if last else "",
            "first": self.address_of(**{"at": None, name: None}),
            "is_first": "at" not in self.request.query_arguments,
        }

    def _read(self, company: int, at: tuple[str, ...]) -> dict[str, Any]:
        with self.tools.database.transaction() as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            companies = all_companies(connection)
            name = next((name for name, number in companies.items() if number == company), None)
            if name is None:
                raise HTTPError(404, "There is no such company.")
            scope = scope_of(connection, company)
            about = Company(company, name, "UTC" if scope is None else scope.time_zone)
            return {"company": about, "companies": companies, **self.read(connection, about, *at)}


class Action(DeskHandler, ABC):
    """One thing that an operator does: recorded, done by a service in a thread, answered, and then a page again."""

    needs: ClassVar[Role | None] = Role.READ
    writes: ClassVar[Role | None]
    action: ClassVar[str]

    def get(self, *_: str) -> None:
        """Nothing is done by following a link. Errors: HTTPError 405."""
        raise HTTPError(405, "This is done by a button.")

    async def post(self, company: str, *at: str) -> None:
        """Do it."""
        self.go_on(await self.in_books(self._act, int(company), at))

    def asked(self, company: int, *at: str) -> dict[str, Any]:  # noqa: ARG002 - what is recorded is for each action to say
        """What is recorded of the request: `type` and `number` of a document, and `details`."""
        return {}

    @abstractmethod
    def act(self, company: int, *at: str) -> Told:
        """Do it by a service. Errors: PerpetuaError, which is told as it is."""

    def page(self, company: int, *at: str) -> str:  # noqa: ARG002 - most pages need the company alone
        """Where to go on where it is refused."""
        return f"/desk/{company}/documents"

    @property
    def person(self) -> str:
        """Who asks."""
        if self.current_user is None:
            raise HTTPError(401)
        return self.current_user.name

    def field(self, name: str) -> str:
        """A field of the form, without what browsers add to it."""
        return self.get_body_argument(name, "").replace("\r\n", "\n")

    def _act(self, company: int, at: tuple[str, ...]) -> Told:
        if company not in self.companies().values():
            raise HTTPError(404, "There is no such company.")
        asked = Asked(self.person, self.address, self.action, **self.asked(company, *at))
        try:
            return audited(self.tools.database, company, asked, lambda: self.act(company, *at), lambda told: told.words)
        except PerpetuaError as refused:
            if isinstance(refused, Unavailable):
                raise
            return Told(refused.message, self.page(company, *at), well=False)


def page_after(rows: list[Any], key: Any) -> Any:
    """Where the next page begins: the key of the last row shown, None where there is no more. Reads one row more than it shows."""
    return key(rows[PAGE_ROWS - 1]) if len(rows) > PAGE_ROWS else None


def options(values: Mapping[str, str], chosen: str | None) -> list[tuple[str, str, bool]]:
    """Choices of a list: value, words, whether it is chosen."""
    return [(value, text, value == (chosen or "")) for value, text in values.items()]
