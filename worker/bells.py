"""Doorbells: a message to the broker that says a company has documents to decide, and nothing more.

The broker may lose a doorbell or deliver it twice: the documents are in PostgreSQL, the sweeper rings again, and a lane that has
nothing to decide answers in a moment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from domain.errors import Unavailable
from worker import routes

# A bell that nobody answers falls silent after this time, so that the sweeper can ring again.
BELL_SECONDS = 10
# A bell left for another worker falls silent sooner, in case the lane was held by something that does not look at bells.
LEFT_RINGING_SECONDS = 2
# Doorbells that pile up while no worker runs are thrown away unread after this time; the sweeper's next one does for all.
DOORBELL_EXPIRES_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Bell:
    """What a doorbell of a kind rings for: the task, its queue, and the Redis key that says of a company that it rings."""

    task: str
    queue: str
    key: Callable[[int], str]


POST = Bell(routes.LANE_POST, routes.POSTING, routes.bell_key)
REPOST = Bell(routes.REPOST_RUN, routes.REPOSTING, routes.repost_bell_key)
PREVIEW = Bell(routes.DOCUMENTS_PREVIEW, routes.POSTING, routes.preview_bell_key)
NIGHT = Bell(routes.NIGHT_WORK, routes.NIGHTLY, routes.night_bell_key)
TALLY = Bell(routes.POS_TALLY, routes.REPOSTING, routes.tally_bell_key)


class Lane(NamedTuple):
    """A company as the workers see it: one sequence of documents with one writer at a time."""

    company_id: int
    company: str


class Bells:
    """The doorbells of one kind of all lanes; a bell that is ringing is not rung again."""

    def __init__(self, redis: Redis, broker: Celery, bell: Bell = POST) -> None:
        self._redis = redis
        self._broker = broker
        self._bell = bell

    def ring(self, lanes: Iterable[Lane]) -> int:
        """Ring for each of these lanes unless its bell rings already; returns how many were rung.

        Errors: Unavailable, where Redis or the broker is away. The sweeper makes up for it.
        """
        asked = list(lanes)
        if not asked:
            return 0
        try:
            silent = self._set(asked)
        except RedisError as error:
            raise Unavailable("BrokerUnavailable", f"Redis does not answer, so no lane was rung: {error}") from error
        try:
            self._send(silent)
        except OperationalError as error:
            self._silence(silent)
            message = f"The broker does not answer, so no lane was rung: {error}"
            raise Unavailable("BrokerUnavailable", message) from error
        return len(silent)

    def answer(self, lane: Lane) -> None:
        """Silence the bell. Done before the lane is looked at, so a document that comes meanwhile rings anew."""
        self._redis.delete(self._bell.key(lane.company_id))

    def hang_up(self, lane: Lane) -> None:
        """Leave the bell ringing, without a message, for the worker that has the lane and looks at it when it is done."""
        self._redis.set(self._bell.key(lane.company_id), "1", ex=LEFT_RINGING_SECONDS)

    def rings(self, lane: Lane) -> bool:
        """Whether somebody rang since the bell was answered."""
        return bool(self._redis.exists(self._bell.key(lane.company_id)))

    def _set(self, lanes: list[Lane]) -> list[Lane]:
        pipeline = self._redis.pipeline(transaction=False)
        for lane in lanes:
            pipeline.set(self._bell.key(lane.company_id), "1", nx=True, ex=BELL_SECONDS)
        return [lane for lane, was_silent in zip(lanes, pipeline.execute(), strict=True) if was_silent]

    def _send(self, lanes: list[Lane]) -> None:
        with self._broker.producer_pool.acquire(block=True) as producer:
            for lane in lanes:
                self._broker.send_task(
                    self._bell.task,
                    args=lane,
                    queue=self._bell.queue,
                    expires=DOORBELL_EXPIRES_SECONDS,
                    ignore_result=True,
                    producer=producer,
                )

    def _silence(self, lanes: list[Lane]) -> None:
        try:
            self._redis.delete(*(self._bell.key(lane.company_id) for lane in lanes))
        except RedisError:
            # Redis is often the broker too. The bells then fall silent by themselves within BELL_SECONDS.
            return
