"""`perpetua worker`, `beat`, `flower`: one process of the system, in the place of this command; what containers and units run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from worker.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("worker")(worker)
    app.command("beat")(beat)
    app.command("flower")(flower)


def worker(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", help="Serve this queue; may be repeated. All queues where left out.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many at once; PERPETUA_WORKER_PROCESSES where left out.")
    ] = None,
    name: Annotated[str, typer.Option(help="What Flower shows it as.")] = "perpetua",
) -> None:
    """Run a worker until Ctrl-C or SIGTERM.

    It then finishes what it has in hand. Who serves posting serves the queue celery too, where messages land whose sender named none.
    """
    from worker import routes
    from worker.cli.children import worker_command

    settings = _connected()
    known = (*routes.QUEUES, routes.UNNAMED)
    unknown = sorted(set(queue or ()) - set(known))
    if unknown:
        raise CommandFailedError(f"there is no queue {unknown[0]}: choose among {', '.join(known)}")
    served = [*(queue or routes.QUEUES)]
    if routes.POSTING in served and routes.UNNAMED not in served:
        served.append(routes.UNNAMED)
    command = worker_command(settings, name, served, processes or settings.worker_processes)
    _become(settings, command.argv, command.environment)


def beat() -> None:
    """Ring for what is due by time, until Ctrl-C or SIGTERM.

    Two at once do no harm.
    """
    from worker.cli.children import beat_command

    settings = _connected()
    _become(settings, beat_command().argv, {})


def flower() -> None:
    """Run Flower with the operators' desk until Ctrl-C or SIGTERM."""
    from worker.cli.children import flower_command

    settings = _connected()
    print(where_flower_is(settings))
    _become(settings, flower_command().argv, {})


def where_flower_is(settings: Settings) -> str:
    """Where the desk is found, and who can log in; somebody is made up where nobody could. Errors: UsersError."""
    from worker.desk.first_login import ensure_login

    scheme = "https" if settings.tls_certificate else "http"
    return (
        f"Flower, with the desk: {scheme}://{settings.flower_address}:{settings.flower_port} ({ensure_login(settings)})"
    )


def _connected() -> Settings:
    from worker.cli.connection import connected_settings

    return connected_settings()


def _become(settings: Settings, argv: Sequence[str], environment: Mapping[str, str]) -> None:
    """Take on the process itself, so that signals reach it directly."""
    from worker.processes.supervisor import child_environment

    sys.stdout.flush()
    os.execve(argv[0], [*argv], {**child_environment(settings), **environment})  # noqa: S606 - no shell wanted
