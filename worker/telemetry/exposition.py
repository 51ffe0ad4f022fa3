"""What a process answers to those who watch it, where the settings give it a port: its counters on `/metrics`, its pulse on `/live`.

A worker counts in its children and is asked in its parent: the children write to a folder that the parent reads. The folder has to be
known before anything counts, so whoever starts a worker names it in the environment (`counting_folder`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from worker.settings import Settings

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the name is prometheus_client's own
STILL_ALIVE_SECONDS: Final = 60.0

Answer = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Pulse:
    """When a process last came round in its loop. One that waits for a server comes round all the same; one that hangs does not."""

    def __init__(self) -> None:
        self._beaten = time.monotonic()

    def beat(self) -> None:
        """The loop has come round."""
        self._beaten = time.monotonic()

    def age(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._beaten


PULSE: Final = Pulse()


def counting_folder(settings: Settings) -> dict[str, str]:
    """What a worker's environment needs so that its children are counted together; nothing where nobody asks.

    The folder is emptied: what an earlier worker counted is over, as with any process that is started anew.
    """
    if settings.metrics_port is None:
        return {}
    folder = settings.home / "metrics" / str(settings.metrics_port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {FOLDER: str(folder)}


@contextlib.contextmanager
def served(settings: Settings, pulse: Pulse = PULSE) -> Iterator[None]:
    """Answer on the port that the settings name, for as long as the context lasts; over TLS where they name a certificate."""
    if settings.metrics_port is None:
        yield
        return
    server = make_server(
        settings.metrics_address, settings.metrics_port, _answers(pulse), _Server, handler_class=_QuietHandler
    )
    if settings.tls_certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, name="exposition", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answers(pulse: Pulse) -> Answer:
    registry, folder = REGISTRY, os.environ.get(FOLDER)
    if folder is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    counters: Answer = make_wsgi_app(registry)

    def answer(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environment["PATH_INFO"] == "/live":
            alive = pulse.age() < STILL_ALIVE_SECONDS
            start("200 OK" if alive else "503 Service Unavailable", [("Content-Type", "text/plain")])
            return [f"came round {pulse.age():.0f} s ago\n".encode()]
        return counters(environment, start)

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Whoever asks every few seconds is not worth a line each time."""
