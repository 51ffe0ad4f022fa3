"""Addresses beyond a plain URL: sentinels that know where the server is, and what a URL says about TLS.

    sentinel://user:password@host1:26379,host2:26379/MASTER/DATABASE

Any URL may end in `?ssl_ca_certs=FILE&ssl_certfile=FILE&ssl_keyfile=FILE`: whose certificates are believed, and with which one we show who
we are. A server's certificate is always checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

SENTINEL: Final = "sentinel"
EXAMPLE_OF_SENTINELS: Final = "sentinel://user:password@host1:26379,host2:26379/MASTER/0"

_TLS_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Servers that are asked for the address of the one which takes writes; `sentinel_password` is their own, where they have one."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    database: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)
    tls: dict[str, str] = field(default_factory=dict)

    def as_celery_writes_them(self) -> str:
        """One URL for each sentinel, with the login of the server behind them."""
        login = ""
        if self.password is not None:
            login = f"{quote(self.username or '', safe='')}:{quote(self.password, safe='')}@"
        return ";".join(f"{SENTINEL}://{login}{host}:{port}/{self.database}" for host, port in self.hosts)


def sentinels_of(url: str) -> Sentinels | None:
    """Read a sentinel URL; None for a URL of another kind. Errors: ValueError."""
    if urlsplit(url).scheme != SENTINEL:
        return None
    address, _, query = url.partition("://")[2].partition("?")
    authority, _, path = address.partition("/")
    login, _, hosts = authority.rpartition("@")
    username, _, password = login.partition(":")
    master, _, database = path.partition("/")
    if not hosts or not master:
        raise ValueError(f"a sentinel's URL names its hosts and the master: {EXAMPLE_OF_SENTINELS}")
    return Sentinels(
        hosts=tuple(_host(host) for host in hosts.split(",")),
        master=unquote(master),
        database=int(database or "0"),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=dict(parse_qsl(query)).get("sentinel_password"),
        tls=tls_files(url),
    )


def tls_files(url: str) -> dict[str, str]:
    """The files that a URL names for TLS, by the names that Redis clients know them by; empty where it names none."""
    asked = dict(parse_qsl(url.partition("?")[2]))
    return {name: asked[name] for name in _TLS_FILES if name in asked}


def with_checked_certificate(url: str) -> str:
    """The same URL, saying that the server's certificate is required where it leaves that open: Celery insists on the word."""
    address, _, query = url.partition("?")
    asked = dict(parse_qsl(query))
    if urlsplit(url).scheme != "rediss" or "ssl_cert_reqs" in asked:
        return url
    return f"{address}?{urlencode({**asked, 'ssl_cert_reqs': 'required'}, safe='/')}"


def without_query(url: str) -> str:
    """The URL without what follows its question mark."""
    return url.partition("?")[0]


def _host(written: str) -> tuple[str, int]:
    name, separator, port = written.rpartition(":")
    return (name, int(port)) if separator else (written, 26379)
