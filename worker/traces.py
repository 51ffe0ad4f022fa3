"""Traces: what a process leaves behind where it is killed while it decides documents.

A document that raises an error is counted by the process that caught it; one that kills its process leaves nobody to count. So whoever
takes a lane leaves a trace in Redis, and takes it away before the lane is free again. Whoever finds one knows that the last holder
died there, and from then on names each document before deciding it, until one batch has gone through.

A trace is a hint and nothing more: where Redis is wiped, one more process dies before the document is found.
"""

from typing import cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from worker import routes

log = structlog.get_logger()


class Traces:
    """The traces of all lanes. Every method is for the holder of the lane alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def leave(self, company_id: int) -> int | None:
        """Leave a trace that names no document yet.

        Returns None where the last holder left in good order, else the sequence that it had named, 0 where it had named none.
        """
        found = cast("bytes | None", self._redis.set(routes.trace_key(company_id), 0, get=True))
        return None if found is None else int(found)

    def name(self, company_id: int, sequence: int) -> None:
        """Name the document that is decided next; 0 for none."""
        self._redis.set(routes.trace_key(company_id), sequence)

    def clear(self, company_id: int) -> None:
        """Take the trace away. One that stays because Redis is away costs the next holder some care, no more."""
        try:
            self._redis.delete(routes.trace_key(company_id))
        except RedisError as error:
            log.warning("a trace stays behind in a lane", company_id=company_id, reason=str(error))
