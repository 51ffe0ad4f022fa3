"""Both servers of one data folder together: found or started, watched over where they are throw-away, stopped."""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from worker.embedded import postgres, process, valkey
from worker.embedded.account import Account
from worker.embedded.binaries import locate
from worker.embedded.endpoints import EmbeddedServerError, Endpoints, ServerStatus
from worker.embedded.home import Home

PLEDGE = "in-use"


def ensure_running(home: Path, *, durable: bool = True) -> Endpoints:
    """Return the endpoints of the folder's servers, starting what does not run yet.

    The servers are daemons which every command on this folder shares, until `stop`. Commands that start at the same moment
    wait for each other, and the later ones find the servers of the first. They outlive the checkout that started them: where it was
    removed, PostgreSQL is started again with the programs of this one.
    `durable=False` gives up safety against power loss, for data that is thrown away.
    Raises EmbeddedServerError, one line.
    """
    folder = Home(_resolved(home), Account.current())
    folder.prepare()
    with folder.locked():
        passwords = folder.passwords()
        try:
            if postgres.has_lost_its_programs(folder):
                postgres.stop(folder)
            if not all(server.running for server in (postgres.status(folder), valkey.status(folder))):
                binaries = locate(folder)
                postgres.start(folder, binaries, passwords, durable=durable)
                valkey.start(folder, binaries, passwords, durable=durable)
            database_port = postgres.await_ready(folder, passwords)
            valkey_port = valkey.await_ready(folder, passwords)
        except OSError as error:
            message = f"the embedded servers can't be started in {folder.path}: {error}"
            raise EmbeddedServerError(message) from error
    return Endpoints(
        home=folder.path,
        database_url=postgres.url(postgres.WORKER, passwords.worker, database_port),
        owner_database_url=postgres.url(postgres.OWNER, passwords.owner, database_port),
        reader_database_url=postgres.url(postgres.READER, passwords.reader, database_port),
        admin_database_url=postgres.url(postgres.ADMIN, passwords.admin, database_port, "postgres"),
        redis_url=valkey.url(passwords.valkey, valkey_port),
    )


def stop(home: Path) -> bool:
    """Stop the folder's servers cleanly; False where none ran.

    Raises EmbeddedServerError where one does not obey.
    """
    folder = Home(_resolved(home), Account.current())
    if not folder.exists():
        return False
    with folder.locked():
        try:
            stopped = [valkey.stop(folder), postgres.stop(folder)]
        except (TimeoutError, PermissionError) as error:
            message = f"the embedded servers in {folder.path} can't be stopped: {error}"
            raise EmbeddedServerError(message) from error
    return any(stopped)


def status(home: Path) -> list[ServerStatus]:
    """Say how each server of the folder is; nothing is started or changed."""
    folder = Home(_resolved(home), Account.current())
    return [postgres.status(folder), valkey.status(folder)]


@contextlib.contextmanager
def throwaway(home: Path | None = None, *, durable: bool = False) -> Iterator[Endpoints]:
    """Run servers that end, and whose folder vanishes, when the last process using them has ended, however it ended.

    Several processes may name the same `home` and then share the servers; without one a new folder is made.
    """
    place = new_throwaway_folder() if home is None else _resolved(home)
    with _pledge(place):
        yield ensure_running(place, durable=durable)


def new_throwaway_folder() -> Path:
    """Make a folder for throw-away servers, outside private folders which root's servers couldn't enter."""
    return Path(tempfile.mkdtemp(prefix="perpetua-")).resolve()


def watch(place: Path) -> None:
    """Wait until nobody uses the throw-away servers in `place`, then stop them and remove the folder."""
    with contextlib.suppress(FileNotFoundError), (place / PLEDGE).open("r", encoding="utf-8") as pledge:
        fcntl.flock(pledge, fcntl.LOCK_EX)
        if _still_there(place, pledge):
            stop(place)
            shutil.rmtree(place)


@contextlib.contextmanager
def _pledge(place: Path) -> Iterator[None]:
    """Count among the users of throw-away servers.

    A watcher waits until nobody holds this lock any more; the kernel drops it with its holder, so even a kill -9 of
    everybody leaves no server behind. It works alike on Linux and macOS, and from any thread.
    """
    while True:
        place.mkdir(parents=True, exist_ok=True)
        with (place / PLEDGE).open("a", encoding="utf-8") as pledge:
            first = True
            try:
                fcntl.flock(pledge, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                first = False
            fcntl.flock(pledge, fcntl.LOCK_SH)
            # A watcher may just have cleared the folder away: then this lock counts for nothing, and we begin anew.
            if _still_there(place, pledge):
                if first:
                    _start_watcher(place)
                yield
                return


def _still_there(place: Path, pledge: TextIO) -> bool:
    try:
        return (place / PLEDGE).stat().st_ino == os.fstat(pledge.fileno()).st_ino
    except FileNotFoundError:
        return False


def _start_watcher(place: Path) -> None:
    process.launch(
        [sys.executable, "-m", "worker.embedded.watcher", str(place)],
        account=Account(None, None),
        log=place / "watcher.log",
        # The watcher starts in another folder, and must find this package there too where it is not installed.
        environment={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])},
    )


def _resolved(home: Path) -> Path:
    # PostgreSQL's pid file and command line hold the path as given, so it must always be given alike.
    return home.expanduser().resolve()
