"""Sessions and logins: who somebody is, for how long, and how often a wrong password may be tried."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from worker.desk.roles import Role
from worker.desk.users import User, Users
from worker.secret_file import write_secret

SESSION_SECONDS: Final = 12 * 3600
# A password that was right is not hashed again for this time, so that a client that logs in with every request does not cost a core.
REMEMBERED_SECONDS: Final = 60.0
MOST_FAILURES: Final = 5
FORGET_FAILURES_SECONDS: Final = 60.0
_MOST_REMEMBERED: Final = 1_000


class Person(NamedTuple):
    """Whoever a request is made by."""

    name: str
    user: User

    def may(self, role: Role) -> bool:
        """Whether they have a role."""
        return self.user.may(role)


class Session(msgspec.Struct):
    """What the signed cookie says."""

    name: str
    mark: str
    since: int


class Logins:
    """Checks names and passwords, and sessions made from them. Threads may share it."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self.users = users
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, float] = {}
        self._failures: dict[str, list[float]] = {}

    def wait(self, address: str) -> float:
        """For how many seconds an address must wait before it may try again; 0 where it need not."""
        now = self._clock()
        recent = [at for at in self._failures.get(address, ()) if now - at < FORGET_FAILURES_SECONDS]
        return FORGET_FAILURES_SECONDS - (now - recent[0]) if len(recent) >= MOST_FAILURES else 0.0

    def check(self, name: str, password: str, address: str) -> Person | None:
        """The person whose password this is, None otherwise. It takes tens of milliseconds unless it was right a moment ago."""
        if self.wait(address):
            return None
        user = self.users.get(name)
        told = hmac.digest(self._key, msgspec.json.encode([name, password, user.mark if user else ""]), "sha256")
        now = self._clock()
        if user is not None and now - self._right.get(told, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS:
            return Person(name, user)
        user = self.users.check(name, password)
        if user is None:
            self._note_failure(address, now)
            return None
        if len(self._right) >= _MOST_REMEMBERED:
            self._right.clear()
        self._right[told] = now
        return Person(name, user)

    def begin(self, person: Person) -> bytes:
        """A session of a person, as the cookie's content."""
        return msgspec.json.encode(Session(person.name, person.user.mark, int(time.time())))

    def resume(self, cookie: bytes) -> Person | None:
        """Whose session a cookie is; None where it has ended, the user is gone or has another password."""
        try:
            session = msgspec.json.decode(cookie, type=Session)
        except msgspec.DecodeError:
            return None
        user = self.users.get(session.name)
        if user is None or user.mark != session.mark or time.time() - session.since > SESSION_SECONDS:
            return None
        return Person(session.name, user)

    def _note_failure(self, address: str, now: float) -> None:
        if len(self._failures) >= _MOST_REMEMBERED:
            self._failures.clear()
        recent = [at for at in self._failures.get(address, ()) if now - at < FORGET_FAILURES_SECONDS]
        self._failures[address] = [*recent, now]


def cookie_secret(folder: Path) -> str:
    """What cookies are signed with: kept, so that a restart ends no session."""
    path = folder / "cookie_secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path, secrets.token_urlsafe(48).encode())
    return hashlib.sha256(path.read_bytes()).hexdigest()
