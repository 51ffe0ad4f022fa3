"""Real intake, worker and beat processes, started for a test and really killed by it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.forks import Forked, can_be_forked, fork
from worker.settings import Settings

CELERY = ("-m", "celery", "--quiet", "--app", "worker.app")
INTAKE = ("-m", "worker.intake")
BEAT = (*CELERY, "beat", "--pidfile=")
SHOWN_CHARACTERS = 50_000
# How long a test waits for what must come to pass. It costs nothing where all is well, and a busy machine takes its time.
PATIENCE_SECONDS = 120


def worker(name: str, children: int = 1, queues: str = "posting,celery") -> tuple[str, ...]:
    """The command line of a worker on these queues (posting, where none are named) with so many child processes."""
    return (
        *CELERY, "worker", "--hostname", f"{name}@test", "--queues", queues, "--concurrency", str(children),
        "--without-gossip", "--without-mingle",
    )  # fmt: skip


Process = subprocess.Popen[bytes] | Forked


def start(settings: Settings, *arguments: str) -> Process:
    """Start a Python process of the system in a process group of its own; its output is added to `home`/processes.log."""
    variables = os.environ | environment(settings)
    with (settings.home / "processes.log").open("ab") as log, Path(os.devnull).open("rb") as nothing:
        if can_be_forked(arguments, variables):
            return fork(arguments, variables, nothing.fileno(), log.fileno(), log.fileno())
        return subprocess.Popen(
            [sys.executable, *arguments], stdin=nothing, stdout=log, stderr=log, start_new_session=True, env=variables
        )


def done(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Run a Python process of the system to its end; gives how it ended, and what it said."""
    known = log_of(settings.home)
    process = start(settings, *arguments)
    try:
        return process.wait(PATIENCE_SECONDS), log_of(settings.home)[len(known) :]
    finally:
        kill(process)


def environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process these settings."""
    mail = (
        {}
        if settings.smtp_url is None
        else {"PERPETUA_SMTP_URL": settings.smtp_url, "PERPETUA_MAIL_FROM": str(settings.mail_from)}
    )
    return mail | {
        "PYTHONFAULTHANDLER": "1",
        "PERPETUA_DATABASE_URL": str(settings.database_url),
        "PERPETUA_OWNER_DATABASE_URL": str(settings.owner_database_url),
        "PERPETUA_REDIS_URL": str(settings.redis_url),
        "PERPETUA_BROKER_URL": str(settings.broker_url),
        "PERPETUA_HOME": str(settings.home),
        "PERPETUA_SWEEP_SECONDS": str(settings.sweep_seconds),
        "PERPETUA_LEASE_SECONDS": str(settings.lease_seconds),
        "PERPETUA_INTAKE_BATCH": str(settings.intake_batch),
        "PERPETUA_LANE_BATCH": str(settings.lane_batch),
        "PERPETUA_FLOWER_PORT": str(settings.flower_port),
        "PERPETUA_FLOWER_PROXY": "yes" if settings.flower_proxy else "no",
        "PERPETUA_SIGNING": settings.signing,
        **_signing_secret(settings),
        **_tls(settings),
    }


def kill(process: Process) -> None:
    """End the process and its children as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def running(settings: Settings, *commands: tuple[str, ...]) -> Iterator[list[Process]]:
    """Run these processes; afterwards whichever is left is asked to stop, and must. A test that fails shows what they said."""
    processes = [start(settings, *command) for command in commands]
    try:
        yield processes
    except BaseException:
        sys.stderr.write(log_of(settings.home)[-SHOWN_CHARACTERS:])
        raise
    finally:
        for process in processes:
            process.terminate()
        try:
            for process in processes:
                _expect_end(process)
        finally:
            for process in processes:
                kill(process)


def _expect_end(process: Process) -> None:
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        # What it hangs in is then in the log.
        os.killpg(process.pid, signal.SIGABRT)
        raise


def until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS, every: float = 0.05) -> None:
    """Wait until the condition holds; fail where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come to pass within {seconds} s"
        time.sleep(every)


def log_of(home: Path) -> str:
    """What the processes have written so far."""
    log = home / "processes.log"
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _signing_secret(settings: Settings) -> dict[str, str]:
    return {} if settings.signing_secret is None else {"PERPETUA_SIGNING_SECRET": settings.signing_secret}


def _tls(settings: Settings) -> dict[str, str]:
    if settings.tls_certificate is None:
        return {}
    return {"PERPETUA_TLS_CERTIFICATE": str(settings.tls_certificate), "PERPETUA_TLS_KEY": str(settings.tls_key)}
