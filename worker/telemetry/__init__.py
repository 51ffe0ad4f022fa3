"""What a process tells of itself: logs, figures for Prometheus, traces."""

from worker.telemetry.logs import configure, configure_process

__all__ = ["configure", "configure_process"]
