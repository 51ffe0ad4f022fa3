"""The demo's own system: servers, intake, worker, beat and Flower in a folder apart, from a clean state, stopped at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from worker.settings import Settings

_STOP_PATIENCE_SECONDS: Final = 90.0


def demo_settings() -> Settings:
    """The settings of the demo: a folder of its own and embedded servers, whatever is configured for real work."""
    from worker.embedded.process import free_port
    from worker.settings import from_environment

    settings = from_environment()
    return replace(
        settings,
        home=settings.home / "demo",
        database_url=None,
        owner_database_url=None,
        redis_url=None,
        broker_url=None,
        flower_port=free_port(settings.flower_port),
    )


def clean_start(settings: Settings) -> Settings:
    """Start the demo's servers with an empty database at the newest schema and an empty Redis; returns connected settings."""
    import psycopg
    import redis

    from worker import embedded, servers
    from worker.cli.connection import migrate
    from worker.processes import request_down
    from worker.store.databases.throwaway import recreate_database

    # A demo that was left up, or killed, would work on the old books.
    request_down(settings.home)
    endpoints = embedded.ensure_running(settings.home)
    with psycopg.connect(endpoints.admin_database_url, autocommit=True) as admin:
        recreate_database(admin, endpoints.owner_database_url)
    with redis.Redis.from_url(endpoints.redis_url) as connection:
        connection.flushall()
    connected = servers.connect(settings)
    migrate(connected)
    return connected


@contextlib.contextmanager
def running(settings: Settings, *, keep: bool) -> Iterator[Path]:
    """`perpetua up` in the background, writing to the log file given; stopped at the end unless `keep`."""
    log = settings.home / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from worker.cli import main; main()", "up"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(settings),
            # Ctrl-C reaches the demo alone, which then stops everything in good order.
            start_new_session=True,
        )
    kept = False
    try:
        yield log
        kept = keep
    finally:
        if not kept:
            _stop(process)


def _environment(settings: Settings) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("PERPETUA_") and name.endswith("_URL"))
    }
    return {
        **own,
        "PERPETUA_HOME": str(settings.home),
        "PERPETUA_FLOWER_PORT": str(settings.flower_port),
        "PYTHONUNBUFFERED": "1",
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise CommandFailedError(
            "the demo's processes did not stop in time and were ended; perpetua down clears up"
        ) from None
