"""`perpetua probe`: a real round trip through the intake and through each queue."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Plain, PlainOption

INTAKE: Final = "intake"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("probe")(probe)


def probe(
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", help="Only this queue, or intake; may be repeated. All where left out."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=60)] = 10.0,
    form: PlainOption = Plain.TABLE,
) -> None:
    """Ask the intake and each queue for an answer.

    A worker answers once PostgreSQL and Redis have answered it. Exits 1 where an answer is missing.
    """
    from worker import routes, servers
    from worker.broker import sender
    from worker.cli.connection import settings_of_command, url
    from worker.cli.output import to_json
    from worker.redis_client import connect
    from worker.services.probing import probe_intake, probe_queues
    from worker.task_seal import Seal

    known = (INTAKE, *routes.QUEUES)
    asked = queue or list(known)
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise CommandFailedError(f"there is no queue {unknown[0]}: choose among {', '.join(known)}")
    settings = servers.connect(settings_of_command())
    redis_url = url(settings.redis_url, "PERPETUA_REDIS_URL")
    probed = []
    broker_url = url(settings.broker_url, "PERPETUA_BROKER_URL")
    with connect(redis_url) as redis, sender(broker_url, redis_url, seal=Seal(settings)) as broker:
        redis.ping()  # without Redis nobody could answer, and the error says so
        if INTAKE in asked:
            probed.append(probe_intake(redis, timeout))
        probed += probe_queues(broker, [name for name in asked if name != INTAKE], timeout)
    found: list[dict[str, Any]] = [
        {"name": one.name, "seconds": None if one.seconds is None else round(one.seconds, 3), "reason": one.reason}
        for one in probed
    ]
    if form is Plain.JSON:
        print(to_json(found))
    else:
        for one in found:
            print(
                f"{one['name']:<12} " + (one["reason"] if one["seconds"] is None else f"answered in {one['seconds']} s")
            )
    silent = [one["name"] for one in found if one["seconds"] is None]
    if silent:
        raise CommandFailedError(f"no answer from {', '.join(silent)}")
