"""The real desk in a process of its own, and a client that logs in like a browser does."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urlencode

from tests.support.ports import free_port
from tests.support.processes import PATIENCE_SECONDS, kill, log_of, start, until
from worker.desk.roles import Role
from worker.desk.users import Users
from worker.settings import Settings

PASSWORD = "a long secret"
ALL_ROLES = frozenset(Role)


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")


@dataclass
class Client:
    """One visitor: keeps cookies, and sends the token of the pages it has seen unless told not to."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, redirects not followed."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        body = None if form is None else urlencode(form)
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                cookie, _, told = value.split(";")[0].partition("=")
                self.cookies[cookie] = told.strip('"')
        return Answer(answer.status, text, dict(answer.getheaders()))

    def get(self, path: str) -> Answer:
        """Look at a page."""
        return self.ask("GET", path)

    def post(self, path: str, **form: str) -> Answer:
        """Send a form with its token."""
        return self.ask("POST", path, {"_xsrf": self.token(), **form})

    def token(self) -> str:
        """The token of the forms."""
        if "_xsrf" not in self.cookies:
            self.get("/login")
        return self.cookies["_xsrf"]

    def follow(self, answer: Answer) -> Answer:
        """The page that an action leads to."""
        assert answer.status == 303, answer.text[:2000]
        return self.get(answer.place)

    def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Log in."""
        return self.post("/login", name=name, password=password)


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    """The header of a client that logs in with every request."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@dataclass
class RunningDesk:
    """A desk that answers."""

    settings: Settings

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.settings.flower_port}"

    def visitor(self, name: str | None = None) -> Client:
        """A visitor, logged in where a name is given."""
        client = Client(self.settings.flower_port)
        if name is not None:
            assert client.log_in(name).status == 303
        return client

    @property
    def log(self) -> str:
        """What it has written."""
        return log_of(self.settings.home)


@contextlib.contextmanager
def running_desk(settings: Settings, **users: frozenset[Role]) -> Iterator[RunningDesk]:
    """The desk of these users (ada has every role, bob none, unless named otherwise), killed at the end."""
    own = replace(settings, flower_port=free_port())
    for name, roles in (users or {"ada": ALL_ROLES, "bob": frozenset()}).items():
        Users(own.desk_users).put(name, password=PASSWORD, roles=roles)
    process = start(own, "-m", "worker.desk")
    desk = RunningDesk(own)
    try:
        until(lambda: _answers(desk) or process.poll() is not None)
        assert process.poll() is None, desk.log
        yield desk
    finally:
        kill(process)


def rows_of(page: str) -> list[str]:
    """The rows of a page's tables, as plain text."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def _answers(desk: RunningDesk) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", desk.settings.flower_port), 5):
        return True
    return False


def told(page: str) -> str:
    """The word about what was done."""
    found = re.search(r'<div class="told[^>]*>(.*?)</div>', page, flags=re.DOTALL)
    return "" if found is None else found[1]
