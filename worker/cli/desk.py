"""`perpetua desk`: who may use the operators' desk."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from worker.desk.roles import Role
    from worker.desk.users import Users

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
RolesOption = Annotated[
    list[str] | None,
    typer.Option("--role", help="operate, accept, close, cancel or administer; once for each. Everybody may read."),
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="The operators' desk.", no_args_is_help=True, rich_markup_mode=None)
    user = typer.Typer(help="Who may use the desk, and what for.", no_args_is_help=True, rich_markup_mode=None)
    user.command("add")(add)
    user.command("list")(list_users)
    user.command("roles")(set_roles)
    user.command("password")(set_password)
    user.command("remove")(remove)
    group.add_typer(user, name="user")
    app.add_typer(group, name="desk")


def add(
    name: NameArgument,
    role: RolesOption = None,
    generate: Annotated[bool, typer.Option("--generate", help="Make up a password and print it.")] = False,
) -> None:
    """Add a user, who logs in by a password.

    It is asked for, or read from standard input where that is no terminal.
    """
    users = _users()
    if users.get(name) is not None:
        raise CommandFailedError(f"there is a user {name} already: perpetua desk user password or roles changes it")
    chosen = _roles(role)
    users.put(name, password=_password(generate), roles=chosen)
    print(f"{name} may log in and {', '.join(['read', *sorted(chosen)])}.")


def list_users() -> None:
    """List users and their roles, and what each role is for."""
    from worker.cli.output import table_lines
    from worker.desk.roles import MEANINGS
    from worker.reports import Column

    rows = [(name, ", ".join(["read", *sorted(user.roles)])) for name, user in sorted(_users().all().items())]
    for line in table_lines((Column("user"), Column("roles")), rows):
        print(line)
    print()
    for line in table_lines((Column("role"), Column("may")), list(MEANINGS.items())):
        print(line)


def set_roles(name: NameArgument, role: RolesOption = None) -> None:
    """Give a user these roles and no others."""
    users = _users()
    users.put(name, roles=_roles(role))
    print(f"{name} may {', '.join(['read', *sorted(users.all()[name].roles)])}.")


def set_password(
    name: NameArgument,
    generate: Annotated[bool, typer.Option("--generate", help="Make up a password and print it.")] = False,
) -> None:
    """Give a user another password; sessions of theirs end."""
    users = _users()
    if users.get(name) is None:
        raise CommandFailedError(f"there is no user {name}: perpetua desk user list shows whom there is")
    users.put(name, password=_password(generate))
    print(f"{name} has a new password.")


def remove(name: NameArgument) -> None:
    """Take a user away; sessions of theirs end."""
    _users().remove(name)
    print(f"{name} may log in no more.")


def _users() -> Users:
    from worker.desk.users import Users
    from worker.settings import from_environment

    return Users(from_environment().desk_users)


def _roles(names: list[str] | None) -> frozenset[Role]:
    from worker.desk.roles import Role

    unknown = [name for name in names or () if name not in list(Role)]
    if unknown:
        raise typer.BadParameter(f"there is no role {unknown[0]}; there are {', '.join(Role)}")
    return frozenset(Role(name) for name in names or ())


def _password(generate: bool) -> str:
    if generate:
        password = secrets.token_urlsafe(15)
        print(f"password: {password}")
        return password
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
