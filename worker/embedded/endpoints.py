"""What the embedded servers tell their callers: where they answer, how they are, what went wrong."""

from dataclasses import dataclass, field
from pathlib import Path


class EmbeddedServerError(RuntimeError):
    """An embedded server can't be started, found or stopped; the one-line message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers of one data folder answer; the URLs carry passwords and stay out of the representation."""

    home: Path
    database_url: str = field(repr=False)
    owner_database_url: str = field(repr=False)
    reader_database_url: str = field(repr=False)
    admin_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server of a data folder: `pid` and `port` are None while it is down."""

    name: str
    running: bool
    pid: int | None
    port: int | None
    data: Path
