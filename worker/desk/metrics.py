"""Figures for Prometheus, on /metrics: Flower's of tasks, and ours of the books. They tell sales and differences, so they take a login."""

from __future__ import annotations

from prometheus_client import generate_latest

from worker.desk.page import DeskHandler


class Metrics(DeskHandler):
    """Every figure, read in a thread: some of them come from the books."""

    async def get(self) -> None:
        """Tell them."""
        self.desk.purge_offline_worker_metrics()
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.write(await self.in_thread(generate_latest))
