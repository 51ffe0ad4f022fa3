"""Logging in and out."""

from __future__ import annotations

from typing import ClassVar

import structlog
from tornado.web import HTTPError

from worker.desk.guard import SESSION_COOKIE, Guard
from worker.desk.roles import Role
from worker.services.auditing import note_action

log = structlog.get_logger()


class LogIn(Guard):
    """The page that asks for name and password."""

    needs: ClassVar[Role | None] = None
    writes: ClassVar[Role | None] = None

    def get(self) -> None:
        """Ask."""
        self._ask()

    async def post(self) -> None:
        """Begin a session where name and password are right; else ask again."""
        name, password = self.get_body_argument("name", ""), self.get_body_argument("password", "", strip=False)
        wait = self.desk.logins.wait(self.address)
        if wait:
            self.set_status(429)
            self.set_header("Retry-After", str(int(wait) + 1))
            self._ask(f"Too many wrong passwords. Try again in {int(wait) + 1} seconds.", name)
            return
        person = await self.in_thread(self.desk.logins.check, name, password, self.address)
        if person is None:
            log.warning("a login at the desk was refused", user=name[:64], address=self.address)
            self.set_status(401)
            self._ask("Name or password is wrong.", name)
            return
        await self.in_thread(note_action, self.desk.tools.database, person.name, self.address, "logged in")
        self.begin_session(person)
        self.redirect(_local(self.get_argument("next", "")), status=303)

    def _ask(self, message: str = "", name: str = "") -> None:
        self.render(
            "login.html", message=message, name=name, next_page=_local(self.get_argument("next", "")), url_prefix=None
        )


class LogOut(Guard):
    """Ends a session."""

    writes: ClassVar[Role | None] = Role.READ

    def get(self) -> None:
        """Nothing ends by following a link. Errors: HTTPError 405."""
        raise HTTPError(405, "Log out by the button.")

    def post(self) -> None:
        """End it."""
        self.clear_cookie(SESSION_COOKIE)
        self.redirect("/login", status=303)


def _local(target: str) -> str:
    """A page of ours to go on with; nobody is sent to another site."""
    if target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target and target.isprintable():
        return target
    return "/desk"
