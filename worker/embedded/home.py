"""The data folder: its layout, its lock, its passwords."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from worker.embedded.account import Account
from worker.embedded.endpoints import EmbeddedServerError

DISK_NEEDED_BYTES = 256_000_000
# Crash recovery of a large database may hold the lock for minutes.
LOCK_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Passwords:
    """One generated password per login; they are kept for as long as the data is."""

    admin: str = field(repr=False)
    owner: str = field(repr=False)
    worker: str = field(repr=False)
    reader: str = field(repr=False)
    valkey: str = field(repr=False)

    @classmethod
    def generate(cls) -> "Passwords":
        """Draw new passwords, safe to stand in a URL as they are."""
        return cls(*(secrets.token_urlsafe(24) for _ in range(5)))


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder and the account that its servers run under."""

    path: Path
    account: Account

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's working directory, with its append-only file."""
        return self.path / "valkey"

    def log(self, server: str) -> Path:
        """Return the log file of a server."""
        return self.path / f"{server}.log"

    def exists(self) -> bool:
        """Say whether servers were ever set up here."""
        return (self.path / "passwords.json").exists()

    def prepare(self) -> None:
        """Create the folder and see that the servers can live in it.

        Raises EmbeddedServerError where it belongs to another user, can't be entered by the servers, or has no room.
        """
        try:
            # Root's servers are another user and pass through the folder; an ordinary user's folder is closed to others.
            self.path.mkdir(parents=True, exist_ok=True)
            if self.path.stat().st_uid == os.geteuid():
                self.path.chmod(0o700 if self.account.uid is None else 0o711)
        except OSError as error:
            message = (
                f"the data folder {self.path} can't be used ({error.strerror}): set PERPETUA_HOME to another folder"
            )
            raise EmbeddedServerError(message) from error
        if self.path.stat().st_uid != os.geteuid():
            message = f"the data folder {self.path} belongs to another user: set PERPETUA_HOME to a folder of your own"
            raise EmbeddedServerError(message)
        self._require_passage()
        free = shutil.disk_usage(self.path).free
        if free < DISK_NEEDED_BYTES:
            message = (
                f"the disk of the data folder {self.path} has {free // 1_000_000} MB left and the servers need "
                f"{DISK_NEEDED_BYTES // 1_000_000} MB: free some, or set PERPETUA_HOME to a folder on another disk"
            )
            raise EmbeddedServerError(message)

    def _require_passage(self) -> None:
        if self.account.uid is None:
            return
        for folder in (self.path, *self.path.parents):
            status = folder.stat()
            owns = status.st_uid == self.account.uid
            if not status.st_mode & (0o100 if owns else 0o001):
                message = (
                    f"root's servers run as 'nobody', who can't enter {folder}: "
                    "set PERPETUA_HOME to a folder elsewhere, for example /var/lib/perpetua"
                )
                raise EmbeddedServerError(message)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; the kernel drops it with its holder, so it is never stale."""
        path = self.path / "servers.lock"
        with path.open("a", encoding="utf-8") as file:
            path.chmod(0o600)
            deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() > deadline:
                    message = (
                        f"another command has held {path} for {LOCK_PATIENCE_SECONDS:.0f} s: see what hangs, and end it"
                    )
                    raise EmbeddedServerError(message)
                time.sleep(0.02)
            yield

    def passwords(self) -> Passwords:
        """Read the passwords, drawing them at the first start.

        Raises EmbeddedServerError where the file is gone while the data that it opens is still there, or is damaged.
        """
        path = self.path / "passwords.json"
        if not path.exists():
            if self.postgres.exists():
                message = (
                    f"{path} is missing, and {self.postgres} can't be opened without it: restore the file from a backup"
                )
                raise EmbeddedServerError(message)
            write_private(path, json.dumps(asdict(Passwords.generate()), indent=2))
        try:
            return Passwords(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            message = f"{path} can't be read ({error}): restore the file from a backup"
            raise EmbeddedServerError(message) from error

    def ports(self) -> dict[str, int]:
        """Return the ports chosen so far; a damaged note only means choosing anew."""
        try:
            noted = json.loads((self.path / "ports.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return (
            {str(name): port for name, port in noted.items() if isinstance(port, int)}
            if isinstance(noted, dict)
            else {}
        )

    def note_port(self, server: str, port: int) -> None:
        """Keep the chosen port, so that URLs stay the same from one start to the next."""
        write_private(self.path / "ports.json", json.dumps({**self.ports(), server: port}))


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone from its first byte on."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
