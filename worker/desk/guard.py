"""The one door: every request of the application passes here, whoever wrote its handler.

Login, role, the token against forged requests and the headers are decided before a handler runs. Flower's own handlers are given the
same guard, so neither a new page of ours nor one of Flower's can be without it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from urllib.parse import urlencode, urlsplit

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from worker.desk.roles import Role
from worker.desk.sessions import SESSION_SECONDS, Person

if TYPE_CHECKING:
    from worker.desk.application import Desk

SESSION_COOKIE: Final = "perpetua_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Paths of Flower's that read, though they are asked by POST.
READING_POSTS: Final = frozenset({"/tasks/datatable"})
# Open to everybody: whether the process lives.
OPEN_PATHS: Final = frozenset({"/healthcheck"})

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'{inline}; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "perpetua",
}


class Guard(RequestHandler):
    """A request handler behind the door. `needs` is the role that reading takes, `writes` the one for everything else."""

    needs: ClassVar[Role | None] = Role.READ  # None: open to everybody
    writes: ClassVar[Role | None] = Role.ADMINISTER
    # Tables of Flower's pages set styles on elements; ours need none.
    inline_styles: ClassVar[bool] = False

    current_user: Person | None

    @property
    def desk(self) -> Desk:
        """The application."""
        return cast("Desk", self.application)

    @property
    def secure(self) -> bool:
        """Whether the browser reached us by TLS."""
        return self.request.protocol == "https"

    def set_default_headers(self) -> None:
        """Headers that every answer has."""
        for name, value in _HEADERS.items():
            self.set_header(name, value)
        inline = " 'unsafe-inline'" if self.inline_styles else ""
        self.set_header("Content-Security-Policy", _POLICY.format(inline=inline))
        if not isinstance(self, StaticFileHandler):
            self.set_header("Cache-Control", "no-store")
        if self.secure:
            self.set_header("Strict-Transport-Security", "max-age=31536000")

    def check_xsrf_cookie(self) -> None:
        """Refuse a write that was not made on a page of ours, whatever it logs in with. Errors: HTTPError 403."""
        site, origin = self.request.headers.get("Sec-Fetch-Site"), self.request.headers.get("Origin")
        if site not in (None, "same-origin", "none") or (origin and urlsplit(origin).netloc != self.request.host):
            raise HTTPError(403, "This was not sent from a page of the desk.")
        RequestHandler.check_xsrf_cookie(self)

    def get_current_user(self) -> None:
        """Nobody: who it is was found out before the handler ran."""

    async def prepare(self) -> None:
        """Find out who asks and whether they may. Errors: HTTPError 401, 403."""
        role = self.role()
        if role is None:
            return
        self.current_user = await self._who()
        if self.current_user is None:
            self._ask_to_log_in()
        elif not self.current_user.may(role):
            raise HTTPError(403, f"{self.current_user.name} has not the role {role}, which this needs.")

    def role(self) -> Role | None:
        """The role that this request needs; None where it is open."""
        if self.request.path in OPEN_PATHS:
            return None
        reads = self.request.method in SAFE_METHODS or self.request.path in READING_POSTS
        return self.needs if reads else self.writes

    def options(self, *_: str, **__: str) -> None:
        """Say nothing: other sites are answered nothing."""
        self.set_status(204)

    def begin_session(self, person: Person) -> None:
        """Let the browser be this person's from now on."""
        self.set_signed_cookie(
            SESSION_COOKIE, self.desk.logins.begin(person), expires_days=None, max_age=SESSION_SECONDS, httponly=True,
            samesite="Lax", secure=self.secure,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.remote_ip or ""

    def render(self, template_name: str, **arguments: Any) -> Any:
        """Render a page; controls that the user may not use are not offered."""
        if "read_only" in arguments:
            arguments["read_only"] = self.current_user is None or not self.current_user.may(Role.ADMINISTER)
        return super().render(template_name, **arguments)

    def write_error(self, status_code: int, **arguments: Any) -> None:
        """Say what is wrong on a page, or in one line to whoever asked by the programming interface."""
        error = (arguments.get("exc_info") or (None, None, None))[1]
        message = (
            error.log_message if isinstance(error, HTTPError) and error.log_message else _WORDS.get(status_code, "")
        )
        if not hasattr(self, "_current_user"):
            self.current_user = None
        if status_code == 401 and self.request.headers.get("Authorization"):
            self.set_header("WWW-Authenticate", 'Basic realm="perpetua"')
        if self.request.path.startswith("/api/") or self.request.path == "/metrics":
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            self.finish(f"{message}\n")
            return
        RequestHandler.render(self, "refused.html", status=status_code, message=message, url_prefix=None)

    async def _who(self) -> Person | None:
        header = self.request.headers.get("Authorization", "")
        if header:
            return await self._by_password(header)
        cookie = self.get_signed_cookie(SESSION_COOKIE, max_age_days=1)
        return None if cookie is None else self.desk.logins.resume(cookie)

    async def _by_password(self, header: str) -> Person | None:
        scheme, _, told = header.partition(" ")
        try:
            name, _, password = base64.b64decode(told, validate=True).decode().partition(":")
        except ValueError:
            return None
        if scheme.lower() != "basic":
            return None
        person: Person | None = await self.in_thread(self.desk.logins.check, name, password, self.address)
        return person

    def in_thread(self, work: Any, *arguments: Any) -> Awaitable[Any]:
        """Do what blocks in a thread, so that everybody else's requests go on."""
        return asyncio.get_running_loop().run_in_executor(self.desk.threads, work, *arguments)

    def _ask_to_log_in(self) -> None:
        page = self.request.method in SAFE_METHODS and not self.request.path.startswith(("/api/", "/metrics"))
        if not page or self.request.headers.get("Authorization"):
            raise HTTPError(401, "Log in first.")
        self.redirect(f"/login?{urlencode({'next': self.request.uri or '/'})}")


_WORDS: Final = {
    400: "The request is incomplete.",
    403: "This is not allowed.",
    404: "There is no such page.",
    405: "This page takes no such request.",
    500: "Something went wrong here. The log of Flower says what.",
    503: "A server is away just now. Nothing is lost; try again in a moment.",
}


def guarded(handler: type[RequestHandler]) -> type[RequestHandler]:
    """The same handler behind the door."""
    if issubclass(handler, Guard):
        return handler
    known = _GUARDED.get(handler)
    if known is None:
        open_ = {"needs": None} if issubclass(handler, StaticFileHandler) else {}
        known = type(f"Guarded{handler.__name__}", (Guard, handler), {"inline_styles": True, **open_})
        _GUARDED[handler] = known
    return known


_GUARDED: Final[dict[type[RequestHandler], type[RequestHandler]]] = {}
