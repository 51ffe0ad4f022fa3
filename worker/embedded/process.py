"""Starting, recognising and ending server processes that outlive the command that started them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from worker.embedded.account import Account

LOG_KEPT_BYTES = 10_000_000


def launch(
    command: Sequence[str], *, account: Account, log: Path, environment: Mapping[str, str], standard_input: bytes = b""
) -> int:
    """Start a daemon in a session of its own, its output appended to `log`; returns its pid.

    Raises OSError where the program can't be executed at all.
    """
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    # Errors quote statements, so a log is nobody else's to read; the daemon writes through what root opened.
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            **account.demotion(),
        )
    if process.stdin is not None:
        # A server that dies at once closes its end early; its log then says why, and the caller reads that.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(standard_input)
            process.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    # The daemon is not this command's to wait for: `alive` reaps it if it ends first.
    process.returncode = 0
    return process.pid


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    # In a container nobody may reap a daemon whose parent has gone.
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"


def command_line(pid: int) -> str:
    """Read the command line of a process, empty where it has gone."""
    if Path("/proc/self").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return raw.replace(b"\0", b" ").decode(errors="replace").strip()
    listing = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip()


def end(pid: int, gentle: signal.Signals, firm: signal.Signals, patience_seconds: float) -> None:
    """Ask a process to stop, insist when it doesn't in time, and return once it has gone.

    Raises TimeoutError when even the firm signal is not obeyed.
    """
    for sign, patience in ((gentle, patience_seconds), (firm, 10.0)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if wait_until(lambda: not alive(pid), patience):
            return
    message = f"process {pid} does not stop"
    raise TimeoutError(message)


def wait_for_start(pid: int, ready: Callable[[int], bool], seconds: float) -> bool:
    """Wait until a new process is ready; False where it ends first, or is not ready in time."""
    return wait_until(lambda: not alive(pid) or ready(pid), seconds) and alive(pid)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again every few hundredths of a second until the condition holds; False when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port(preferred: int | None) -> int:
    """Return the preferred loopback port if it is free, else one that is."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # Without this a port that our own server has just left would look taken for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    message = "no free TCP port on 127.0.0.1"
    raise OSError(message)


def tail(log: Path, start: int = 0, lines: int = 1) -> str:
    """Return the last non-empty lines written to a log since byte `start`, joined to one line."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return " / ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])


def size(log: Path) -> int:
    """Return the size of a log in bytes, 0 where there is none."""
    return log.stat().st_size if log.exists() else 0
