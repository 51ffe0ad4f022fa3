"""Who may use the desk: names, roles and scrypt-hashed passwords in one file that only its owner can read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from worker.desk.roles import Role
from worker.secret_file import write_secret

_COST: Final = {"n": 16_384, "r": 8, "p": 1}  # 16 MiB and some tens of milliseconds a guess
_NAME: Final = re.compile(r"[\w.@-]{1,64}\Z")
SHORTEST_PASSWORD: Final = 10


class UsersError(ValueError):
    """The file of users can't be read, or doesn't allow what is asked; one line that says what to do."""


class User(msgspec.Struct, frozen=True):
    """One user: a password as `scrypt$salt$hash` (base64), and roles beside reading."""

    password: str
    roles: frozenset[Role] = frozenset()

    def may(self, role: Role) -> bool:
        """Whether the user has a role."""
        return role is Role.READ or role in self.roles

    @property
    def mark(self) -> str:
        """What tells this password from every other one: a session ends where it changes."""
        return hashlib.sha256(self.password.encode()).hexdigest()[:16]


class Users:
    """The users of a file, read again whenever it changes; none where it does not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, User] = {}

    def all(self) -> dict[str, User]:
        """Every user by name. Errors: UsersError where the file is none of ours."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._seen, self._known = None, {}
            return {}
        seen = (stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            try:
                self._known = msgspec.json.decode(self.path.read_bytes(), type=dict[str, User])
            except msgspec.DecodeError as error:
                raise UsersError(
                    f"{self.path} is no file of users ({error}): perpetua desk user add makes one"
                ) from error
            self._seen = seen
        return self._known

    def get(self, name: str) -> User | None:
        """One user, None where there is none."""
        return self.all().get(name)

    def check(self, name: str, password: str) -> User | None:
        """The user whose password this is; None otherwise, after as long a time. It takes tens of milliseconds."""
        user = self.get(name)
        right = _matches(password, _NOBODY if user is None else user.password)
        return user if right else None

    def put(self, name: str, *, password: str | None = None, roles: frozenset[Role] | None = None) -> User:
        """Add a user, or change the password or the roles of one. Errors: UsersError."""
        if not _NAME.match(name):
            raise UsersError(f"{name!r} is no name for a user: use letters, digits and . _ @ -, at most 64")
        users = dict(self.all())
        before = users.get(name)
        if password is not None and len(password) < SHORTEST_PASSWORD:
            raise UsersError(f"the password is too short: give at least {SHORTEST_PASSWORD} characters")
        if before is None and password is None:
            raise UsersError(f"there is no user {name}: perpetua desk user add {name}")
        hashed = before.password if password is None and before is not None else hash_password(password or "")
        kept = before.roles if roles is None and before is not None else roles or frozenset()
        users[name] = user = User(hashed, frozenset(kept) - {Role.READ})
        self._write(users)
        return user

    def remove(self, name: str) -> None:
        """Take a user away; sessions of theirs end. Errors: UsersError where there is none."""
        users = dict(self.all())
        if users.pop(name, None) is None:
            raise UsersError(f"there is no user {name}: perpetua desk user list shows whom there is")
        self._write(users)

    def _write(self, users: dict[str, User]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(self.path, msgspec.json.format(msgspec.json.encode(users), indent=2))


def hash_password(password: str) -> str:
    """A password as it is kept, with a salt of its own."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_derive(password, salt))}"


def _matches(password: str, kept: str) -> bool:
    scheme, _, rest = kept.partition("$")
    salt, _, hashed = rest.partition("$")
    if scheme != "scrypt":
        return False
    return hmac.compare_digest(_derive(password, base64.b64decode(salt)), base64.b64decode(hashed))


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_COST)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# What the password of an unknown name is compared with, so that the time taken does not tell which names there are.
_NOBODY: Final = hash_password(secrets.token_hex(16))
