"""The outcomes stream: what became of each document, told as it happens.

PostgreSQL keeps every outcome for good; the stream only tells those who listen. An outcome may be told twice (after a crash
between commit and telling), never lost.
"""

from collections.abc import Iterable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from domain.errors import Unavailable
from worker import routes
from worker.messages import encode_outcome

FIELD = "outcome"
# Listeners that fall behind by more than this ask for what they missed by key.
KEPT = 1_000_000


class Outcomes:
    """Publishes outcomes of the contract's form, in one round trip however many they are."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, outcomes: Iterable[dict[str, Any]]) -> None:
        """Append each outcome to the stream, in order. Errors: Unavailable, where Redis is away."""
        pipeline = self._redis.pipeline(transaction=False)
        for outcome in outcomes:
            pipeline.xadd(routes.OUTCOMES_STREAM, {FIELD: encode_outcome(outcome)}, maxlen=KEPT, approximate=True)
        try:
            pipeline.execute()
        except RedisError as error:
            message = f"Redis does not answer, so outcomes wait to be told: {error}"
            raise Unavailable("OutcomesUnavailable", message) from error
