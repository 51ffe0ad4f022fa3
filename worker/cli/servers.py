"""`perpetua up`, `down`, `status`, `intake`: everything that runs, started, stopped and looked at."""

from __future__ import annotations

import os
import sys

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Plain, PlainOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("intake")(intake)


def up() -> None:
    """Run everything in this terminal, until Ctrl-C.

    Servers where none are configured, the intake, a worker, beat and Flower.
    """
    from worker.cli.children import children
    from worker.cli.connection import migrate
    from worker.cli.processes import where_flower_is
    from worker.processes import run_up
    from worker.settings import from_environment

    settings = from_environment()
    print(where_flower_is(settings))
    # A configured database is migrated by whoever owns it; the embedded one is ours.
    run_up(settings, children(settings), prepare=migrate if settings.database_url is None else None)


def down() -> None:
    """Stop what `perpetua up` runs, and the embedded servers."""
    from worker import embedded
    from worker.processes import request_down
    from worker.settings import from_environment

    home = from_environment().home
    # `up` stops the servers it uses; those that a single command had started are stopped here.
    stopped = [request_down(home), embedded.stop(home)]
    print("Perpetua is down." if any(stopped) else "Nothing was running.")


def status(form: PlainOption = Plain.TABLE) -> None:
    """Say what runs and what waits.

    Exits 1 where a server is down.
    """
    from worker.cli.output import to_json
    from worker.cli.state import describe, look
    from worker.settings import from_environment

    state = look(from_environment())
    if form is Plain.JSON:
        print(to_json(state))
    else:
        for line in describe(state):
            print(line)
    if not state["ready"]:
        mend = (
            "perpetua up starts everything"
            if state["embedded_servers"]
            else "start it, or correct the URL that names it"
        )
        raise CommandFailedError(f"a server is down: {mend}")


def intake() -> None:
    """Run the intake alone, until Ctrl-C.

    It takes documents from the stream into the database.
    """
    from worker.cli.connection import connected_settings
    from worker.processes.supervisor import child_environment

    settings = connected_settings()
    sys.stdout.flush()
    # The intake is a process of its own: it takes the place of this one, so that signals reach it directly.
    os.execve(sys.executable, [sys.executable, "-m", "worker.intake"], child_environment(settings))  # noqa: S606 - no shell wanted
