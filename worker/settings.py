"""Settings: the environment read once, into one frozen object."""

import os
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from domain.masters import is_mail_address
from worker.addresses import EXAMPLE_OF_SENTINELS, SENTINEL, sentinels_of

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("console", "json")
SIGNING = ("optional", "required")
_SHORTEST_SECRET = 32
_PREFIX = "PERPETUA_"
_IN_FILE = "_FILE"
_NEARLY = 0.85  # how alike a slip and the name that was meant are

Value = TypeVar("Value")


class SettingsError(ValueError):
    """A setting that can't be used; the message names the variable, its value and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between two installations.

    A URL that is None is served by the embedded servers in `home`. The worker logs in by `database_url` as a restricted
    role; only migrations use `owner_database_url`. URLs carry passwords, so they never show in the representation.

    Flower, with the operators' desk, logs in the users of `desk_users`. Where others can reach it, it speaks TLS with a certificate and
    key, or stands behind a proxy that does (`flower_proxy`).

    Publishers' keys are worked out from `signing_secret`; where `signing` is `required`, no document comes in unsigned. `publisher` and
    `publisher_key` are what this machine's own commands publish with.
    """

    database_url: str | None = field(default=None, repr=False)
    owner_database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    broker_url: str | None = field(default=None, repr=False)
    home: Path
    log_level: str = "info"
    log_format: str = "console"
    intake_batch: int = 500
    lane_batch: int = 1000
    outcome_timeout_seconds: int = 60
    lease_seconds: int = 6
    sweep_seconds: int = 5
    worker_processes: int = 2
    flower_address: str = "127.0.0.1"
    flower_port: int = 5555
    metrics_address: str = "127.0.0.1"
    metrics_port: int | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    traces_url: str | None = field(default=None, repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    flower_proxy: bool = False
    desk_users_file: Path | None = None
    signing: str = "optional"
    signing_secret: str | None = field(default=None, repr=False)
    publisher: str | None = None
    publisher_key: str | None = field(default=None, repr=False)

    @property
    def desk_users(self) -> Path:
        """The file of the desk's users."""
        return self.desk_users_file or self.desk_path / "users.json"

    @property
    def desk_path(self) -> Path:
        """The folder of what the desk and Flower keep for themselves."""
        return self.home / "desk"


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the PERPETUA_ variables; an empty one counts as absent, and one ending in _FILE names a file that holds the value.

    So a password need not stand in an environment. A value that is there itself wins over its file.
    Raises SettingsError with one line that names the variable and what it may be.
    """
    source = os.environ if environment is None else environment
    present = _from_files(source) | {
        name: value for name, value in source.items() if name.startswith(_PREFIX) and value.strip()
    }

    known: set[str] = set()

    def read(name: str, parse: Callable[[str, str], Value], default: Value) -> Value:
        known.add(name)
        return parse(name, present[name].strip()) if name in present else default

    database_url = read("PERPETUA_DATABASE_URL", _postgresql, None)
    redis_url = read("PERPETUA_REDIS_URL", _redis, None)
    settings = Settings(
        database_url=database_url,
        owner_database_url=read("PERPETUA_OWNER_DATABASE_URL", _postgresql, database_url),
        redis_url=redis_url,
        broker_url=read("PERPETUA_BROKER_URL", _broker, redis_url),
        home=read("PERPETUA_HOME", _folder, None) or default_home(source),
        log_level=read("PERPETUA_LOG_LEVEL", _one_of(LOG_LEVELS), "info"),
        log_format=read("PERPETUA_LOG_FORMAT", _one_of(LOG_FORMATS), "console"),
        intake_batch=read("PERPETUA_INTAKE_BATCH", _whole(1, 10_000), 500),
        lane_batch=read("PERPETUA_LANE_BATCH", _whole(1, 10_000), 1000),
        outcome_timeout_seconds=read("PERPETUA_OUTCOME_TIMEOUT", _whole(1, 86_400), 60),
        lease_seconds=read("PERPETUA_LEASE_SECONDS", _whole(2, 300), 6),
        sweep_seconds=read("PERPETUA_SWEEP_SECONDS", _whole(1, 3600), 5),
        worker_processes=read("PERPETUA_WORKER_PROCESSES", _whole(1, 256), 2),
        flower_address=read("PERPETUA_FLOWER_ADDRESS", _text, "127.0.0.1"),
        flower_port=read("PERPETUA_FLOWER_PORT", _whole(1, 65_535), 5555),
        metrics_address=read("PERPETUA_METRICS_ADDRESS", _text, "127.0.0.1"),
        metrics_port=read("PERPETUA_METRICS_PORT", _whole(1, 65_535), None),
        tls_certificate=read("PERPETUA_TLS_CERTIFICATE", _file, None),
        tls_key=read("PERPETUA_TLS_KEY", _file, None),
        traces_url=read("PERPETUA_TRACES_URL", _collector, None),
        flower_proxy=read("PERPETUA_FLOWER_PROXY", _yes, False),
        desk_users_file=read("PERPETUA_DESK_USERS", _path, None),
        smtp_url=read("PERPETUA_SMTP_URL", _smtp, None),
        mail_from=read("PERPETUA_MAIL_FROM", _sender, None),
        signing=read("PERPETUA_SIGNING", _one_of(SIGNING), "optional"),
        signing_secret=read("PERPETUA_SIGNING_SECRET", _secret, None),
        publisher=read("PERPETUA_PUBLISHER", _text, None),
        publisher_key=read("PERPETUA_PUBLISHER_KEY", _text, None),
    )
    _refuse_misspelt(present, known)
    _require_whole(settings)
    return settings


def _require_whole(settings: Settings) -> None:
    """Refuse a setting that lacks the one it belongs with."""
    if settings.database_url is None and settings.owner_database_url is not None:
        message = "PERPETUA_OWNER_DATABASE_URL is set without PERPETUA_DATABASE_URL: set both, or neither"
        raise SettingsError(message)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        message = "PERPETUA_TLS_CERTIFICATE and PERPETUA_TLS_KEY belong together: set both, or neither"
        raise SettingsError(message)
    if settings.tls_certificate is None and not settings.flower_proxy:
        _require_loopback(settings.flower_address)
    if settings.smtp_url is not None and settings.mail_from is None:
        message = "PERPETUA_SMTP_URL is set without PERPETUA_MAIL_FROM: set the address that mails come from, like books@example.org"
        raise SettingsError(message)
    if settings.publisher_key is not None and settings.publisher is None:
        message = "PERPETUA_PUBLISHER_KEY is set without PERPETUA_PUBLISHER: name the publisher whose key it is"
        raise SettingsError(message)


def _refuse_misspelt(present: Iterable[str], known: Set[str]) -> None:
    """A name that is nearly a setting's is a slip of somebody who then would work with other servers than they believe.

    Others stay: tests and container platforms have PERPETUA_ variables of their own.
    """
    meant = {name.removeprefix(_PREFIX): name for name in known}
    for name in sorted({name.removesuffix(_IN_FILE) for name in present} - known):
        near = get_close_matches(name.removeprefix(_PREFIX), meant, n=1, cutoff=_NEARLY)
        if near:
            message = f"{name} is no setting: write {meant[near[0]]} if that is what you mean, or give it another name"
            raise SettingsError(message)


def _from_files(source: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, path in source.items():
        if name.startswith(_PREFIX) and name.endswith(_IN_FILE) and path.strip():
            try:
                found[name.removesuffix(_IN_FILE)] = Path(path.strip()).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                message = f"{name} names the file {path.strip()!r}, which can't be read: {error}"
                raise SettingsError(message) from error
    return found


def default_home(environment: Mapping[str, str]) -> Path:
    """Choose the data folder: /var/lib/perpetua for root, else the user's own by the XDG convention."""
    if os.geteuid() == 0:
        return Path("/var/lib/perpetua")
    data = environment.get("XDG_DATA_HOME", "")
    # The convention itself says that a relative path is to be ignored.
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "perpetua"


def _postgresql(name: str, value: str) -> str | None:
    return _url(name, value, ("postgresql", "postgres"), "postgresql://user:password@host:5432/perpetua")


def _redis(name: str, value: str) -> str | None:
    example = "redis://:password@host:6379/0"
    if not value.startswith(f"{SENTINEL}:"):
        return _url(name, value, ("redis", "rediss", "unix"), example)
    return _sentinels(name, value)


def _sentinels(name: str, value: str) -> str:
    try:
        sentinels_of(value)
    except ValueError:
        message = f"{name} is no URL of sentinels: write it like {EXAMPLE_OF_SENTINELS}"
        raise SettingsError(message) from None
    return value


def _collector(name: str, value: str) -> str | None:
    return _url(name, value, ("http", "https"), "http://collector:4318/v1/traces")


def _broker(name: str, value: str) -> str | None:
    # Any transport that Celery knows will do; intake and outcomes alone insist on Redis streams.
    if value.startswith(f"{SENTINEL}:"):
        return _sentinels(name, value)
    return _url(name, value, None, "redis://:password@host:6379/0")


def _smtp(name: str, value: str) -> str | None:
    url = _url(name, value, ("smtp", "smtp+starttls", "smtps"), "smtp+starttls://user:password@host:587")
    parts = urlsplit(value)
    if not parts.hostname:
        message = f"{name} names no host: write it like smtp+starttls://user:password@host:587"
        raise SettingsError(message)
    if parts.scheme == "smtp" and parts.password and not is_loopback(parts.hostname):
        message = f"{name} would send its password in the clear: use smtp+starttls:// or smtps://"
        raise SettingsError(message)
    return url


def _sender(name: str, value: str) -> str | None:
    address = parseaddr(value)[1]
    if not is_mail_address(address) or any(not letter.isprintable() for letter in value):
        message = f"{name} is {value!r}: write it like books@example.org, or Perpetua <books@example.org>"
        raise SettingsError(message)
    return value


def _url(name: str, value: str, schemes: tuple[str, ...] | None, example: str) -> str:
    # The value may hold a password, so no message repeats it.
    try:
        parts = urlsplit(value)
        valid = bool(parts.scheme) and "://" in value and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or (schemes is not None and parts.scheme not in schemes):
        message = f"{name} is no URL of the expected kind: write it like {example}"
        raise SettingsError(message)
    # SQLAlchemy knows PostgreSQL by one scheme only.
    return value.replace("postgres://", "postgresql://", 1) if parts.scheme == "postgres" else value


def _path(name: str, value: str) -> Path | None:
    path = Path(value).expanduser()
    if not path.is_absolute():
        message = f"{name} is {value!r}: give it as an absolute path"
        raise SettingsError(message)
    return path


def _folder(name: str, value: str) -> Path | None:
    """A folder that may yet have to be made: whatever is there of its path must be one."""
    path = _path(name, value)
    for place in () if path is None else (path, *path.parents):
        if place.exists() and not place.is_dir():
            message = f"{name} is {value!r}, and {place} is no folder: give the path of a folder, which is made where there is none yet"
            raise SettingsError(message)
    return path


def _file(name: str, value: str) -> Path | None:
    path = Path(value).expanduser()
    if not path.is_file():
        message = f"{name} is {value!r}, and no file is there: give the path of a PEM file"
        raise SettingsError(message)
    return path


def _text(_name: str, value: str) -> str:
    return value


def _secret(name: str, value: str) -> str:
    if len(value) < _SHORTEST_SECRET:
        message = f"{name} is too short to keep: give at least {_SHORTEST_SECRET} characters, as openssl rand -hex 32 makes them"
        raise SettingsError(message)
    return value


def _yes(name: str, value: str) -> bool:
    return _one_of(("yes", "no"))(name, value) == "yes"


def _require_loopback(address: str) -> None:
    """Passwords never cross a network in the clear."""
    if not is_loopback(address):
        message = (
            f"PERPETUA_FLOWER_ADDRESS is {address!r}, where others reach Flower: set PERPETUA_TLS_CERTIFICATE and PERPETUA_TLS_KEY, or "
            "PERPETUA_FLOWER_PROXY=yes where a proxy in front of it ends TLS, or keep 127.0.0.1"
        )
        raise SettingsError(message)


def is_loopback(address: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _one_of(choices: tuple[str, ...]) -> Callable[[str, str], str]:
    def parse(name: str, value: str) -> str:
        if value.lower() not in choices:
            message = f"{name} is {value!r}: choose one of {', '.join(choices)}"
            raise SettingsError(message)
        return value.lower()

    return parse


def _whole(lowest: int, highest: int) -> Callable[[str, str], int]:
    def parse(name: str, value: str) -> int:
        if not (value.isascii() and value.isdecimal() and lowest <= int(value) <= highest):
            message = f"{name} is {value!r}: give a whole number from {lowest} to {highest}"
            raise SettingsError(message)
        return int(value)

    return parse
