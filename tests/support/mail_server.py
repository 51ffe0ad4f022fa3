"""A real SMTP server on loopback, which takes mails, or refuses, or goes away in the middle, as a test wants it."""

from __future__ import annotations

import contextlib
from asyncio import Transport
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.processes import PATIENCE_SECONDS


@dataclass
class Mailbox:
    """What a server has taken; `refusals` are its answers to a recipient, `dies` lets it hang up when a mail's text has come."""

    port: int
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    dies: int = 0
    forgets: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"

    def messages(self) -> list[EmailMessage]:
        """The mails that it has, read by the standard library."""
        return [message_from_bytes(raw, policy=default) for _, _, raw in self.taken]

    def recipients(self) -> list[str]:
        """To whom they went, in alphabetical order."""
        return sorted(recipient for _, recipient, _ in self.taken)

    async def handle_RCPT(  # noqa: N802 - the server calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail's text; or hang up without an answer, before it is stored or, having stored it (`forgets`), after."""
        if self.dies:
            self.dies -= 1
            _hang_up(server)
            return "250 never heard"
        raw = envelope.original_content or b""
        self.taken += [(str(envelope.mail_from), recipient, raw) for recipient in envelope.rcpt_tos]
        if self.forgets:
            self.forgets -= 1
            _hang_up(server)
        return "250 Taken"


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, Transport)
    server.transport.abort()


@contextlib.contextmanager
def listening(mailbox: Mailbox, **options: Any) -> Iterator[Mailbox]:
    """Let the server listen as long as the context lasts; it may listen again afterwards, with the mails that it had.

    `options` are those of the server: TLS, who may log in.
    """
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, ready_timeout=PATIENCE_SECONDS, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
