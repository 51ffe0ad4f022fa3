"""Which servers a command works with: the configured ones, or else the embedded ones of the data folder."""

from dataclasses import replace

from worker import embedded
from worker.settings import Settings


def connect(settings: Settings) -> Settings:
    """Fill in every URL that is not configured with that of an embedded server, starting it where it doesn't run yet.

    Nothing is started where both PostgreSQL and Redis are configured. Raises EmbeddedServerError, one line.
    """
    if not uses_embedded(settings):
        return settings
    endpoints = embedded.ensure_running(settings.home)
    redis_url = settings.redis_url or endpoints.redis_url
    return replace(
        settings,
        database_url=settings.database_url or endpoints.database_url,
        # The owner of a configured database is never the embedded one.
        owner_database_url=(settings.owner_database_url or settings.database_url)
        if settings.database_url
        else endpoints.owner_database_url,
        redis_url=redis_url,
        broker_url=settings.broker_url or redis_url,
    )


def uses_embedded(settings: Settings) -> bool:
    """Say whether a server of the data folder is needed at all."""
    return settings.database_url is None or settings.redis_url is None
