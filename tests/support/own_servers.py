"""Servers that a test sets up by itself, the way an operator would: started on loopback, waited for, ended with the test."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.processes import PATIENCE_SECONDS, until
from worker.embedded.account import Account
from worker.embedded.binaries import Binaries, locate
from worker.embedded.home import Home

SHOWN_CHARACTERS = 3000
# For clients that are to be refused: the library's own way of asking would ask again for seconds.
ASKED_ONCE = Retry(NoBackoff(), 0)


@contextlib.contextmanager
def server_folder() -> Iterator[Path]:
    """A folder that servers which refuse root can use: it belongs to whoever they run as."""
    folder = Path(tempfile.mkdtemp(prefix="perpetua-own-")).resolve()
    Account.current().own(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def binaries(folder: Path) -> Binaries:
    """The programs of the embedded servers, where the servers' account can run them."""
    home = Home(folder / "programs", Account.current())
    home.prepare()
    return locate(home)


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path],
    folder: Path,
    ready: Callable[[], object],
    *,
    environment: Mapping[str, str] | None = None,
    demoted: bool = True,
    seconds: float = PATIENCE_SECONDS,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the context ends. Errors: AssertionError with what it said, where it does not become ready."""
    log = folder / f"{Path(command[0]).name}-{len(list(folder.iterdir()))}.log"
    account = Account.current().demotion() if demoted else {}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
            start_new_session=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder), **(environment or {})},
            **account,
        )  # fmt: skip
    try:
        until(lambda: process.poll() is not None or _answers(ready), seconds)
        assert process.poll() is None, log.read_text(errors="replace")[-SHOWN_CHARACTERS:]
        yield process
    except AssertionError as error:
        error.add_note(log.read_text(errors="replace")[-SHOWN_CHARACTERS:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(PATIENCE_SECONDS)


def listening(port: int) -> Callable[[], bool]:
    """Whether somebody answers at a port of loopback."""

    def ask() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    return ask


def _answers(ready: Callable[[], object]) -> bool:
    try:
        return bool(ready())
    except Exception:  # noqa: BLE001 - whatever it is, the server is not ready yet
        return False
