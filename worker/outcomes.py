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
from worker.server_functions import Library

FIELD = "outcome"
# Listeners that fall behind by more than this ask for what they missed by key.
KEPT = 1_000_000


AT_ONCE = 1000  # about a millisecond in which the server does nothing else

_FUNCTIONS = Library("worker", "outcomes.lua", "perpetua_outcomes")


class Outcomes:
    """Publishes outcomes of the contract's form, a thousand in one step."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, outcomes: Iterable[dict[str, Any]]) -> None:
        """Append each outcome to the stream, in order. Errors: Unavailable, where Redis is away."""
        told = [encode_outcome(outcome) for outcome in outcomes]
        try:
            for start in range(0, len(told), AT_ONCE):
                step = told[start : start + AT_ONCE]
                _FUNCTIONS.call(self._redis, "tell", [routes.OUTCOMES_STREAM], KEPT, FIELD, *step)
        except RedisError as error:
            message = f"Redis does not answer, so outcomes wait to be told: {error}"
            raise Unavailable("OutcomesUnavailable", message) from error
