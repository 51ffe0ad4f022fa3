"""The login of a desk that nobody has set up: one user with every role and a password made up on the spot."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from worker.desk.roles import Role
from worker.desk.users import Users, UsersError
from worker.secret_file import write_secret
from worker.settings import Settings, is_loopback

FIRST_USER: Final = "admin"
_PASSWORD_FILE: Final = "first_password"  # noqa: S105 - the name of a file


def ensure_login(settings: Settings) -> str:
    """Make sure that somebody can log in, and say in words who.

    Only where the desk is for this machine alone is a user made up; elsewhere somebody must have been added. The made-up password is kept
    in the data folder until it is changed. Errors: UsersError.
    """
    users = Users(settings.desk_users)
    if not users.all():
        if not is_loopback(settings.flower_address):
            raise UsersError(
                f"nobody can log in at {settings.flower_address}: perpetua desk user add NAME --role operate adds a user"
            )
        password = secrets.token_urlsafe(12)
        users.put(FIRST_USER, password=password, roles=frozenset(Role))
        settings.desk_path.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(first_password(settings), password.encode())
    kept = first_password(settings)
    if kept.exists() and users.check(FIRST_USER, kept.read_text(encoding="utf-8")):
        return f"log in as {FIRST_USER} with the password in {kept}"
    return "log in as " + " or ".join(sorted(users.all())[:5])


def first_password(settings: Settings) -> Path:
    """Where the made-up password is kept."""
    return settings.desk_path / _PASSWORD_FILE
