"""The intake process: its connections and its signals around the reader's loop."""

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from domain.errors import DocumentRejected
from worker import routes, telemetry
from worker.broker import sender
from worker.intake.reader import Reader
from worker.intake.stream import Delivery, IntakeStream
from worker.pace import keep_for_good
from worker.redis_client import connect
from worker.services.acceptance import Message, take
from worker.services.probing import answer_intake, probe_of
from worker.services.publishers import admit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.intake.lease import StreamLease
from worker.task_seal import Seal
from worker.telemetry.exposition import served
from worker.telemetry.spans import HEADER, read_trace


def run(settings: Settings) -> None:
    """Read the intake stream until SIGTERM or SIGINT; then finish the batch in hand and give back the lease.

    The settings' URLs must all be known. Whatever is away is waited for, so nothing is raised for it.
    """
    telemetry.configure_process(settings, "intake")
    with opened(settings, f"{socket.gethostname()}:{os.getpid()}") as reader:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: reader.stop())
        keep_for_good()
        with served(settings):
            reader.run()


@contextmanager
def opened(settings: Settings, holder: str) -> Iterator[Reader]:
    """A reader for these settings with its connections; `holder` names it in the lease and among the stream's consumers."""
    if settings.redis_url is None or settings.broker_url is None:
        raise ValueError("Redis has no URL yet: connect the settings to servers first")
    with (
        sender(settings.broker_url, seal=Seal(settings)) as broker,
        open_tools(settings, broker) as tools,
        connect(settings.redis_url) as redis,
    ):
        lease = StreamLease(tools.database, routes.INTAKE_STREAM, holder, settings.lease_seconds)
        yield Reader(IntakeStream(redis, holder, settings.intake_batch), lease, partial(_accept, tools, lease))


def _accept(tools: Tools, lease: StreamLease, deliveries: Sequence[Delivery]) -> None:
    probes = [nonce for nonce in (probe_of(delivery.fields) for delivery in deliveries) if nonce is not None]
    messages = [_message(delivery) for delivery in deliveries if probe_of(delivery.fields) is None]
    if messages:
        take(tools, messages, guard=lease.confirm, door=admit)
    if probes:
        # A probe is answered by what any message needs: the lease, held in PostgreSQL by a commit.
        with tools.database.transaction() as connection:
            lease.confirm(connection)
        answer_intake(tools.redis, probes)


def _message(delivery: Delivery) -> Message:
    refusal = None
    if delivery.raw is None:
        refusal = DocumentRejected(
            "Malformed",
            "The message has no field `document`. Send the document's JSON text in a field of that name.",
            "document",
        )
    return Message(
        delivery.kept() if delivery.raw is None else delivery.raw,
        delivery.publisher,
        delivery.message_id,
        refusal,
        read_trace(delivery.fields.get(HEADER.encode())),
        delivery.signature,
        delivery.signed_at,
    )
