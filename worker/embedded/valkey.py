"""The embedded Valkey: started, recognised and stopped."""

import signal
import time

import redis

from worker.embedded import process
from worker.embedded.binaries import Binaries
from worker.embedded.endpoints import EmbeddedServerError, ServerStatus
from worker.embedded.home import Home, Passwords

READY_PATIENCE_SECONDS = 300.0
STOP_PATIENCE_SECONDS = 30.0
STARTS = 3

# PostgreSQL owns every accepted document; an append-only file synced each second is enough for what waits at the door,
# because publishers keep a document until its outcome. Nothing is ever evicted: a full memory refuses, loudly.
SETTINGS = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
set-proc-title no
pidfile "{folder}/valkey.pid"
logfile ""
daemonize no
databases 64
appendonly {durable}
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def url(password: str, port: int, database: int = 0) -> str:
    """Build the URL by which a client reaches one logical database."""
    # The login is named because redis-cli, unlike the clients in Python, would log in as a user without a name.
    return f"redis://default:{password}@127.0.0.1:{port}/{database}"


def status(home: Home) -> ServerStatus:
    """Say whether the folder's Valkey runs, judged by its pid file and the process behind it."""
    port = home.ports().get("valkey")
    try:
        pid = int((home.valkey / "valkey.pid").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pid = 0
    # A pid alone proves nothing: after a crash or in a restarted container another process may bear it.
    running = pid > 0 and process.alive(pid) and f"--dir {home.valkey}" in process.command_line(pid)
    return ServerStatus("valkey", running, pid if running else None, port if running else None, home.valkey)


def start(home: Home, binaries: Binaries, passwords: Passwords, *, durable: bool) -> None:
    """See that Valkey runs.

    Raises EmbeddedServerError with the reason, usually the last lines of the server's own log.
    """
    if not home.valkey.exists():
        home.valkey.mkdir(mode=0o700)
        home.account.own(home.valkey)
    if not status(home).running:
        _launch(home, binaries, passwords, durable=durable)


def await_ready(home: Home, passwords: Passwords) -> int:
    """Wait until Valkey has loaded its data and answers; returns its port."""
    deadline = time.monotonic() + READY_PATIENCE_SECONDS
    port = home.ports().get("valkey", 0)
    with redis.Redis(host="127.0.0.1", port=port, password=passwords.valkey) as client:
        while True:
            try:
                client.ping()
            except redis.AuthenticationError as error:
                message = f"Valkey in {home.valkey} does not accept the password in {home.path / 'passwords.json'}"
                raise EmbeddedServerError(message) from error
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError) as error:
                if not status(home).running:
                    message = f"Valkey stopped while starting: {process.tail(home.log('valkey'), lines=2)}"
                    raise EmbeddedServerError(message) from error
                if time.monotonic() > deadline:
                    message = f"Valkey does not answer on port {port}: {error}"
                    raise EmbeddedServerError(message) from error
                time.sleep(0.03)
            else:
                return port


def stop(home: Home) -> bool:
    """Stop Valkey cleanly, its append-only file written out; False where it did not run."""
    found = status(home)
    if found.pid is None:
        return False
    process.end(found.pid, signal.SIGTERM, signal.SIGKILL, STOP_PATIENCE_SECONDS)
    return True


def _launch(home: Home, binaries: Binaries, passwords: Passwords, *, durable: bool) -> None:
    log = home.log("valkey")
    for attempt in range(STARTS):
        port = process.free_port(home.ports().get("valkey"))
        (home.valkey / "valkey.pid").unlink(missing_ok=True)
        home.note_port("valkey", port)
        seen = process.size(log)
        settings = SETTINGS.format(
            port=port, password=passwords.valkey, durable="yes" if durable else "no",
            folder=str(home.valkey).replace("\\", "\\\\").replace('"', '\\"'),
        )  # fmt: skip
        # Read from standard input, the password stands in no file and on no command line.
        pid = process.launch(
            [str(binaries.valkey), "-", "--dir", str(home.valkey)],
            account=home.account,
            log=log,
            environment={},
            standard_input=settings.encode(),
        )
        if process.wait_for_start(pid, lambda started: status(home).pid == started, 30):
            return
        reason = process.tail(log, min(seen, process.size(log)), lines=2)
        if "Address already in use" not in reason or attempt == STARTS - 1:
            message = f"Valkey does not start: {reason or 'it said nothing'} (log: {log})"
            raise EmbeddedServerError(message)
