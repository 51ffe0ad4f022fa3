"""All commands under one name, and the one place that turns errors into a readable line and an exit status."""

from __future__ import annotations

import os
import sys
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from worker.cli import (
    database,
    demo,
    desk,
    documents,
    migrate,
    notices,
    pos,
    probe,
    processes,
    publisher,
    reconcile,
    replay,
    report,
    repost,
    schema,
    servers,
    submit,
    url,
    verify,
)
from worker.cli.failure import CommandFailedError

NOT_DONE: Final = 1
WRONGLY_CALLED: Final = 2
INTERRUPTED: Final = 130
_FULL: Final = (ENOSPC, EDQUOT)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"perpetua {version('perpetua')}")
        raise typer.Exit


def build() -> typer.Typer:
    """The application: commands in the order in which a newcomer meets them."""
    app = typer.Typer(
        name="perpetua",
        callback=_options,
        help="Documents in, ledgers out: perpetual inventory accounting.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in (
        demo,
        servers,
        url,
        processes,
        probe,
        submit,
        documents,
        pos,
        repost,
        reconcile,
        migrate,
        notices,
        replay,
        report,
        verify,
        database,
        desk,
        publisher,
        schema,
    ):
        module.register(app)
    return app


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that come before any command; typer has acted on them by now."""


def main() -> None:
    """Run the command line; exits 0 only when the thing asked for happened."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; PERPETUA_DEBUG=1 shows the traceback behind an error."""
    for place, argument in enumerate(arguments, start=1):
        if not _is_text(argument):
            return _fail(f"argument {place}, {argument!a}, is not UTF-8: write it as UTF-8", WRONGLY_CALLED)
    try:
        status = build()(args=arguments, prog_name="perpetua", standalone_mode=False)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`perpetua report ... | head`); nothing more can be written there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except TyperException as error:
        if _asks_for_help(error):
            print(error.message, file=sys.stderr)
            return WRONGLY_CALLED
        return _fail(_wrong_call(error), WRONGLY_CALLED, error)
    except Exception as error:  # noqa: BLE001 - a person at a terminal gets a sentence, never a traceback
        return _fail(_sentence(error), NOT_DONE, error)
    # Typer turns Ctrl-C into a status of its own.
    return _fail("interrupted", INTERRUPTED) if status == INTERRUPTED else int(status or 0)


def _is_text(argument: str) -> bool:
    # Python keeps bytes of the command line that are no UTF-8 as lone surrogates, which neither server takes.
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _fail(message: str, status: int, error: BaseException | None = None) -> int:
    if error is not None and os.environ.get("PERPETUA_DEBUG") == "1":
        raise error
    print(f"perpetua: {' '.join(message.split())}", file=sys.stderr)
    return status


def _asks_for_help(error: TyperException) -> bool:
    """Whether a group was called without any of its commands: the message is its whole help then, which is shown as it is."""
    context = getattr(error, "ctx", None)
    return context is not None and error.message == context.get_help()


def _wrong_call(error: TyperException) -> str:
    message = str(getattr(error, "format_message", lambda: str(error))())
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "perpetua"
    return f"{message.replace('Value error, ', '').rstrip('.')}. See {path} --help."


def _of_file(error: OSError) -> str:
    """What is wrong with a file, and what to do where it is one of those that the system keeps for itself."""
    from worker.settings import from_environment

    home = from_environment().home
    if error.filename is None:
        return f"a disk is full ({error.strerror}): free some of it. The data folder is {home}; PERPETUA_HOME puts it on another disk"
    wrong, place = f"{error.filename}: {error.strerror}", Path(os.fsdecode(error.filename))
    if not (place.is_relative_to(home) or home.is_relative_to(place)):
        return wrong
    return f"the data folder {home} can't be used ({wrong}): let this user write there, or set PERPETUA_HOME to another folder"


def _sentence(error: Exception) -> str:
    """What went wrong, for a person; errors we foresee say it themselves."""
    import psycopg
    import redis

    from domain.errors import PerpetuaError
    from worker.desk.users import UsersError
    from worker.embedded import EmbeddedServerError
    from worker.processes import AlreadyUpError
    from worker.services.replay.scenario import ScenarioError
    from worker.settings import SettingsError

    if isinstance(
        error,
        (
            CommandFailedError,
            ScenarioError,
            SettingsError,
            UsersError,
            EmbeddedServerError,
            AlreadyUpError,
            TimeoutError,
        ),
    ):
        return str(error)
    if isinstance(error, PerpetuaError):
        return error.message
    if isinstance(error, (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled)):
        return f"PostgreSQL was busy with something else for too long ({error}): run it again in a moment"
    if isinstance(error, (psycopg.OperationalError, redis.ConnectionError)):
        what = "PostgreSQL" if isinstance(error, psycopg.Error) else "Redis"
        return f"{what} can't be reached ({error}): start it, or correct the URL that names it"
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _FULL):
        return _of_file(error)
    return (
        f"internal fault, {type(error).__name__}: {error} (run it again with PERPETUA_DEBUG=1 and report what it shows)"
    )
