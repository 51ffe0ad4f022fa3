"""What the services of one process work with."""

from dataclasses import dataclass
from typing import Self

from celery import Celery
from redis import Redis

from worker.bells import NIGHT, PREVIEW, REPOST, TALLY, Bells
from worker.outcomes import Outcomes
from worker.pos_subledger import Subledger
from worker.redis_client import connect
from worker.settings import Settings
from worker.store.database import Database
from worker.telemetry.spans import Spans, open_spans
from worker.traces import Traces


@dataclass(frozen=True, slots=True)
class Tools:
    """The database, the doorbells and the outcomes stream of one process, all of which connect on first use."""

    settings: Settings
    database: Database
    redis: Redis
    bells: Bells
    repost_bells: Bells
    preview_bells: Bells
    night_bells: Bells
    tally_bells: Bells
    outcomes: Outcomes
    subledger: Subledger
    traces: Traces
    spans: Spans

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what connects; the broker belongs to whoever made it."""
        self.spans.close()
        self.database.close()
        self.redis.close()


def open_tools(settings: Settings, broker: Celery) -> Tools:
    """Make the tools for settings whose URLs are all known."""
    if settings.database_url is None or settings.redis_url is None:
        raise ValueError("PostgreSQL and Redis have no URL yet: connect the settings to servers first")
    redis = connect(settings.redis_url)
    return Tools(
        settings,
        Database(settings.database_url),
        redis,
        Bells(redis, broker),
        Bells(redis, broker, REPOST),
        Bells(redis, broker, PREVIEW),
        Bells(redis, broker, NIGHT),
        Bells(redis, broker, TALLY),
        Outcomes(redis),
        Subledger(redis),
        Traces(redis),
        open_spans(settings, redis),
    )
