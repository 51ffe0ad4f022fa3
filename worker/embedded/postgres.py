"""The embedded PostgreSQL: made, started, recognised and stopped."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from worker.embedded import process
from worker.embedded.binaries import Binaries
from worker.embedded.endpoints import EmbeddedServerError, ServerStatus
from worker.embedded.home import Home, Passwords

ADMIN = "postgres"
OWNER = "perpetua_owner"
WORKER = "perpetua_worker"
READER = "perpetua_reader"
WITHOUT_LOGIN = ("perpetua_publisher", "perpetua_auditor")  # migrations say what they may do; here nobody is either
DATABASE = "perpetua"

# Replaying the log after a crash takes as long as it takes; a server that still works on it is not a failure.
READY_PATIENCE_SECONDS = 600.0
STOP_PATIENCE_SECONDS = 60.0
STARTS = 5

ACCESS = """\
# Written by Perpetua at every start. A password, always; there is no 'trust' here, and no socket.
host all all 127.0.0.1/32 scram-sha-256
"""

SETTINGS = """\
# Written by Perpetua at every start; settings of your own belong into postgresql.conf, where they win.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '256MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
checkpoint_timeout = '15min'
wal_compression = on
# Every accepted document and every voucher rests on a commit that has reached the disk.
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
# Our statements are many and short, so compiling them costs more than it saves.
jit = off
autovacuum = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
"""


def url(role: str, password: str, port: int, database: str = DATABASE) -> str:
    """Build the URL by which one role reaches one database."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def status(home: Home) -> ServerStatus:
    """Say whether the folder's PostgreSQL runs, judged by its own pid file and the process behind it."""
    pid, port = _pid_file(home)
    running = pid is not None and _is_ours(pid, home)
    return ServerStatus("postgresql", running, pid if running else None, port if running else None, home.postgres)


def has_lost_its_programs(home: Home) -> bool:
    """Whether PostgreSQL runs from an installation that was removed meanwhile: it answers, and finds none of its own files any more."""
    pid, _ = _pid_file(home)
    if pid is None or not _is_ours(pid, home):
        return False
    program, _, _ = process.command_line(pid).partition(f" -D {home.postgres}")
    return not Path(program).exists()


def start(home: Home, binaries: Binaries, passwords: Passwords, *, durable: bool) -> None:
    """See that PostgreSQL runs, its data made at the first start.

    Raises EmbeddedServerError with the reason, usually the last line of the server's own log.
    """
    _create(home, binaries, passwords)
    _require_same_version(home, binaries)
    if not status(home).running:
        _launch(home, binaries, durable=durable)


def await_ready(home: Home, passwords: Passwords) -> int:
    """Wait until PostgreSQL answers and holds our roles and database; returns its port."""
    deadline = time.monotonic() + READY_PATIENCE_SECONDS
    port = _pid_file(home)[1] or 0
    while True:
        try:
            with psycopg.connect(url(ADMIN, passwords.admin, port, "postgres"), connect_timeout=10) as connection:
                connection.autocommit = True
                _ensure_roles_and_database(connection, passwords)
                return port
        except psycopg.OperationalError as error:
            if not status(home).running:
                reason = process.tail(home.log("postgres"), lines=3)
                message = f"PostgreSQL stopped while starting: {reason} (log: {home.log('postgres')})"
                raise EmbeddedServerError(message) from error
            if "password authentication failed" in str(error):
                message = (
                    f"PostgreSQL in {home.postgres} does not accept the password in {home.path / 'passwords.json'}"
                )
                raise EmbeddedServerError(message) from error
            if time.monotonic() > deadline:
                message = f"PostgreSQL does not answer on port {port}: {str(error).splitlines()[0]}"
                raise EmbeddedServerError(message) from error
            time.sleep(0.03)


def stop(home: Home) -> bool:
    """Stop PostgreSQL cleanly; False where it did not run."""
    found = status(home)
    if found.pid is None:
        return False
    # SIGINT is PostgreSQL's fast shutdown: sessions end, nothing is lost. SIGQUIT leaves recovery to the next start.
    process.end(found.pid, signal.SIGINT, signal.SIGQUIT, STOP_PATIENCE_SECONDS)
    return True


def _pid_file(home: Home) -> tuple[int | None, int | None]:
    try:
        lines = (home.postgres / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[0]), int(lines[3]) if len(lines) > 3 else None
    except (OSError, ValueError, IndexError):
        return None, None


def _is_ours(pid: int, home: Home) -> bool:
    # A pid alone proves nothing: after a crash or in a restarted container another process may bear it.
    return process.alive(pid) and f"-D {home.postgres}" in process.command_line(pid)


def _create(home: Home, binaries: Binaries, passwords: Passwords) -> None:
    if home.postgres.exists():
        return
    # Made under another name and renamed when whole, so that an interrupted initdb is simply done again.
    for left in home.path.glob("postgres.new-*"):
        shutil.rmtree(left)
    # An initdb whose parent was killed may still be writing: it loses its folder, and this one has a name of its own.
    unfinished = Path(tempfile.mkdtemp(dir=home.path, prefix="postgres.new-"))
    home.account.own(unfinished)
    password_file = unfinished.with_name("postgres.password")
    password_file.touch(mode=0o600)
    password_file.write_text(passwords.admin, encoding="utf-8")
    home.account.own(password_file)
    try:
        made = subprocess.run(
            [
                binaries.program("initdb"), "-D", str(unfinished), "-U", ADMIN, "--pwfile", str(password_file),
                "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions",
            ],
            capture_output=True, text=True, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, check=False,
            **home.account.demotion(),
        )  # fmt: skip
    finally:
        password_file.unlink()
    if made.returncode != 0:
        lines = [line.strip() for line in (made.stderr or made.stdout).splitlines() if line.strip()]
        reason = next(
            (line for line in lines if "error" in line.lower() or "fatal" in line.lower()), (lines or ["?"])[-1]
        )
        message = f"PostgreSQL's data can't be created in {home.path}: {reason}"
        raise EmbeddedServerError(message)
    (unfinished / "postgresql.conf").write_text(
        "include 'perpetua.conf'\n# Settings of your own, below, win over Perpetua's.\n", encoding="utf-8"
    )
    unfinished.rename(home.postgres)


def _require_same_version(home: Home, binaries: Binaries) -> None:
    held = (home.postgres / "PG_VERSION").read_text(encoding="utf-8").strip()
    told = subprocess.run(
        [binaries.program("postgres"), "--version"], capture_output=True, text=True, cwd="/", check=True,
        **home.account.demotion(),
    ).stdout.split()[-1]  # fmt: skip
    if told.split(".")[0] != held:
        message = (
            f"{home.postgres} was made by PostgreSQL {held}, and the installed one is {told}: "
            f"install the release of Perpetua that brought {held}, dump the database, and load it into a new data folder"
        )
        raise EmbeddedServerError(message)


def _launch(home: Home, binaries: Binaries, *, durable: bool) -> None:
    log = home.log("postgres")
    for attempt in range(STARTS):
        port = process.free_port(home.ports().get("postgresql"))
        for name, text in (
            ("pg_hba.conf", ACCESS),
            ("perpetua.conf", SETTINGS.format(port=port, durable="on" if durable else "off")),
        ):
            (home.postgres / name).write_text(text, encoding="utf-8")
            home.account.own(home.postgres / name)
        _remove_stale_pid_file(home)
        seen = process.size(log)
        pid = process.launch(
            [binaries.program("postgres"), "-D", str(home.postgres)],
            account=home.account, log=log, environment={"LC_ALL": "C"},
        )  # fmt: skip
        if process.wait_for_start(pid, lambda started: _pid_file(home)[0] == started, 30):
            home.note_port("postgresql", port)
            return
        reason = process.tail(log, min(seen, process.size(log)), lines=3)
        # A killed postmaster's children need a moment to notice; and a port can be taken between choosing and binding.
        passing = "shared memory" in reason or "Address already in use" in reason or "could not bind" in reason
        if not passing or attempt == STARTS - 1:
            message = f"PostgreSQL does not start: {reason or 'it said nothing'} (log: {log})"
            raise EmbeddedServerError(message)
        time.sleep(1.0)


def _remove_stale_pid_file(home: Home) -> None:
    pid, _ = _pid_file(home)
    path = home.postgres / "postmaster.pid"
    # PostgreSQL itself sees through a stale file only while no other process of this user bears the pid.
    if path.exists() and (pid is None or not _is_ours(pid, home)):
        path.unlink()


def _ensure_roles_and_database(connection: psycopg.Connection[Any], passwords: Passwords) -> None:
    """Create what is missing; migrations, not this, decide what each role may touch."""
    roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role, password in ((OWNER, passwords.owner), (WORKER, passwords.worker), (READER, passwords.reader)):
        if role not in roles:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
    for role in WITHOUT_LOGIN:
        if role not in roles:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    rights = connection.execute("SELECT datacl IS NOT NULL FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if rights is None:
        database = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(OWNER)))
    # A new database lets everybody in, and says so by naming no rights at all.
    if rights != (True,):
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {WORKER}, {READER}")
