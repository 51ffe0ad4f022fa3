"""What one terminal leaves for another: whether Perpetua is up, with which processes, and how to end them."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from worker.embedded import process
from worker.embedded.home import write_private

DOWN_PATIENCE_SECONDS = 90.0


class AlreadyUpError(RuntimeError):
    """Another terminal already runs `perpetua up` on this data folder."""


class ChildState(msgspec.Struct, frozen=True):
    """One supervised process; `pid` is None while it waits to be started again."""

    name: str
    argv: list[str]
    pid: int | None
    restarts: int


class UpState(msgspec.Struct, frozen=True):
    """A running `perpetua up`: its own pid, when it began (seconds since 1970), and its children."""

    pid: int
    started_at: int
    children: list[ChildState]


def running(home: Path) -> UpState | None:
    """Return the state of the `perpetua up` that runs on this data folder, None where none does."""
    with contextlib.suppress(FileNotFoundError), (home / "up.lock").open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(home)
    return None


def request_down(home: Path) -> bool:
    """Ask the running `perpetua up` to stop and wait until it has; end what a killed one left behind.

    Returns False where nothing ran. Raises TimeoutError where it doesn't stop.
    """
    state = running(home)
    if state is None:
        return end_leftovers(home)
    with contextlib.suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    if not process.wait_until(lambda: running(home) is None, DOWN_PATIENCE_SECONDS):
        message = (
            f"perpetua up (process {state.pid}) does not stop: see its terminal, or end it with kill -9 {state.pid}"
        )
        raise TimeoutError(message)
    return True


@contextlib.contextmanager
def being_up(home: Path) -> Iterator[None]:
    """Hold the folder's `up` lock, which the kernel drops with its holder; clear up after one that was killed.

    Raises AlreadyUpError where another process holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a", encoding="utf-8") as file:
        deadline = time.monotonic() + 1.0
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            # Somebody who only asks whether Perpetua is up holds the lock for an instant too.
            if time.monotonic() > deadline:
                state = running(home)
                message = (
                    f"Perpetua is already up on {home}{f' (process {state.pid})' if state else ''}: "
                    "use it, or stop it with perpetua down"
                )
                raise AlreadyUpError(message)
            time.sleep(0.05)
        end_leftovers(home)
        try:
            yield
        finally:
            (home / "up.json").unlink(missing_ok=True)


def write(home: Path, state: UpState) -> None:
    """Leave the state where other terminals look for it."""
    write_private(home / "up.json", msgspec.json.encode(state).decode())


def end_leftovers(home: Path) -> bool:
    """End the children of an `up` that was killed before it could; False where there are none."""
    state = _read(home)
    left = [child for child in state.children if _still_runs(child)] if state else []
    for child in left:
        end_group(child.pid or 0, signal.SIGTERM)
    for child in left:
        if not process.wait_until(lambda child=child: not _still_runs(child), 10.0):  # type: ignore[misc]
            end_group(child.pid or 0, signal.SIGKILL)
    (home / "up.json").unlink(missing_ok=True)
    return bool(left)


def end_group(pid: int, sign: signal.Signals) -> None:
    """Signal a child together with the processes that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, sign)


def _read(home: Path) -> UpState | None:
    try:
        return msgspec.json.decode((home / "up.json").read_bytes(), type=UpState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _still_runs(child: ChildState) -> bool:
    # The pid may by now belong to somebody else; its command line tells.
    return (
        child.pid is not None
        and process.alive(child.pid)
        and " ".join(child.argv[1:]) in process.command_line(child.pid)
    )
