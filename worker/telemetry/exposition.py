"""Counters of this process on `/metrics`, where the settings give it a port.

A worker counts in its children and is asked in its parent: the children write to a folder that the parent reads. The folder has to be
known before anything counts, so whoever starts a worker names it in the environment (`counting_folder`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from worker.settings import Settings

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the name is prometheus_client's own


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
def served(settings: Settings) -> Iterator[int | None]:
    """Answer on the port that the settings name, for as long as the context lasts; gives the port."""
    if settings.metrics_port is None:
        yield None
        return
    registry, folder = REGISTRY, os.environ.get(FOLDER)
    if folder is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    certificate = None if settings.tls_certificate is None else str(settings.tls_certificate)
    key = None if settings.tls_key is None else str(settings.tls_key)
    server, thread = start_http_server(settings.metrics_port, settings.metrics_address, registry, certificate, key)
    try:
        yield settings.metrics_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
