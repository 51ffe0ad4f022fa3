"""Real PostgreSQL and Valkey from wheels, for whoever has configured neither."""

from worker.embedded.cluster import ensure_running, new_throwaway_folder, status, stop, throwaway
from worker.embedded.endpoints import EmbeddedServerError, Endpoints, ServerStatus

__all__ = [
    "EmbeddedServerError",
    "Endpoints",
    "ServerStatus",
    "ensure_running",
    "new_throwaway_folder",
    "status",
    "stop",
    "throwaway",
]
