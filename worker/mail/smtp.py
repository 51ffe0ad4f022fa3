"""A mail server, spoken to by SMTP: what it takes, what it refuses for good, and what it wants to be asked again."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from worker.addresses import tls_files

CONNECT_SECONDS = 10
_TOO_LARGE = 552
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class RefusedError(Exception):
    """The server refuses this mail, or this address, for good."""


class DeferredError(Exception):
    """The server can't take this mail now, and may later."""


class UnreachableError(Exception):
    """The server does not answer, went away in the middle, or refuses us as a whole: no mail can be sent now."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and how it is spoken to; `security` is the scheme: smtp, smtp+starttls or smtps.

    `tls` names files as in any other URL: whose certificates are believed (`ssl_ca_certs`), and with which one we show who we are.
    """

    security: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: dict[str, str] = field(default_factory=dict)

    def context(self) -> ssl.SSLContext:
        """How TLS is spoken: the server's certificate is always checked. Errors: OSError where a file can't be used."""
        context = ssl.create_default_context(cafile=self.tls.get("ssl_ca_certs"))
        if "ssl_certfile" in self.tls:
            context.load_cert_chain(self.tls["ssl_certfile"], self.tls.get("ssl_keyfile"))
        return context


def address_of(url: str) -> Address:
    """Read `smtps://user:password@host:port?ssl_ca_certs=FILE`."""
    parts = urlsplit(url)
    return Address(
        parts.scheme,
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls_files(url),
    )


class MailServer:
    """One conversation with a mail server, begun with the first mail; a context manager that ends it politely."""

    def __init__(self, address: Address, *, answer_seconds: int = 30) -> None:
        self._address = address
        self._answer_seconds = answer_seconds
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, sender: str, recipient: str, message: bytes) -> str:
        """Hand over one mail; returns what the server answered.

        Errors: RefusedError, DeferredError, UnreachableError. After the last it is unknown, in the worst case, whether the server has
        taken the mail: it is sent again under the same Message-ID, by which a mailbox tells that it has it already.
        """
        connection = self._connection or self._connect()
        try:
            code, answer = connection.mail(sender, [f"size={len(message)}"] if connection.has_extn("size") else [])
            # 552 speaks of the size that was just stated; any other refusal here is one of ourselves, not of this mail.
            if code // 100 == 5 and code != _TOO_LARGE:
                self._forget()
                raise UnreachableError(f"the mail server refuses the sender {sender}: {_words(code, answer)}")
            if code // 100 == 2:
                code, answer = connection.rcpt(recipient)
            if code // 100 == 2:
                code, answer = connection.data(message)
            if code // 100 == 2:
                return _words(code, answer)
            self._reset()
        except smtplib.SMTPDataError as error:
            code, answer = error.smtp_code, _bytes(error.smtp_error)
            self._reset()
        except (smtplib.SMTPException, OSError) as error:
            self._forget()
            raise UnreachableError(f"the mail server went away: {error}") from error
        raise (RefusedError if code // 100 == 5 else DeferredError)(_words(code, answer))

    def close(self) -> None:
        """End the conversation."""
        if self._connection is not None:
            # Every mail has had its answer by now: a server that hangs up before the goodbye changes nothing.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._forget()

    def _connect(self) -> smtplib.SMTP:
        address = self._address
        try:
            if address.security == "smtps":
                connection: smtplib.SMTP = smtplib.SMTP_SSL(
                    address.host, address.port, timeout=CONNECT_SECONDS, context=address.context()
                )
            else:
                connection = smtplib.SMTP(address.host, address.port, timeout=CONNECT_SECONDS)
            self._connection = connection
            if connection.sock is not None:
                connection.sock.settimeout(self._answer_seconds)
            if address.security == "smtp+starttls":
                connection.starttls(context=address.context())
            if address.user:
                connection.login(address.user, address.password)
            connection.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            self._forget()
            raise UnreachableError(
                f"the mail server {address.host}:{address.port} can't be used: {type(error).__name__}: {error}"
            ) from error
        return connection

    def _reset(self) -> None:
        if self._connection is not None:
            # Where the conversation can't begin afresh the next mail begins one of its own.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.rset()
                return
            self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _words(code: int, answer: bytes) -> str:
    return f"{code} {' '.join(answer.decode(errors='replace').split())}"


def _bytes(answer: bytes | str) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer
