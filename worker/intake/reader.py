"""The intake's loop: hold the lease, take what waits, have it committed, and only then acknowledge it."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import psycopg
import structlog
from redis.exceptions import RedisError, ResponseError

from domain.errors import Unavailable
from worker.intake.stream import Delivery, IntakeStream
from worker.store.intake.lease import LeaseLost
from worker.telemetry.counters import INTAKE_ACTIVE, INTAKE_FAILURES, INTAKE_MESSAGES
from worker.telemetry.exposition import PULSE

log = structlog.get_logger()

# A stop signal and a message left by another reader are noticed within this time.
WAIT_MILLISECONDS = 500
STANDBY_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 5.0


class Lease(Protocol):
    """The right to be the one active reader."""

    def keep(self) -> bool:
        """Take or prolong the lease; False while another reader holds it. Errors: Unavailable."""

    def release(self) -> None:
        """Give the lease back at once. Errors: Unavailable."""


class Reader:
    """One reader of the stream: active while it holds the lease, standing by otherwise.

    `accept` commits a batch and tells its outcomes; it raises Unavailable where it could not, and then the messages stay in the
    stream and are taken again.
    """

    def __init__(self, stream: IntakeStream, lease: Lease, accept: Callable[[Sequence[Delivery]], None]) -> None:
        self._stream = stream
        self._lease = lease
        self._accept = accept
        self._stopping = False
        # Delivered messages that nobody acknowledged come before new ones, or a delivery would overtake its receipt.
        self._behind = True
        self._active = False
        self._opened = False
        self._failures = 0

    def stop(self) -> None:
        """Finish the batch in hand, then leave `run`."""
        self._stopping = True

    def run(self) -> None:
        """Read until stopped; whatever is away is waited for."""
        while not self._stopping:
            self.step()
            PULSE.beat()
        if self._active:
            self._give_back_lease()

    def step(self) -> None:
        """Take what waits and have it committed, or wait a moment for something to do."""
        try:
            self._turn()
        except LeaseLost as lost:
            log.warning("intake stands by; nothing of its last batch was written", reason=str(lost))
            self._active = False
        except (Unavailable, RedisError, psycopg.Error) as error:
            # PostgreSQL away, full, locked, or not migrated yet: in each case the messages can wait.
            self._back_off(error)
        else:
            self._recovered()

    def _turn(self) -> None:
        if not self._hold_lease():
            time.sleep(STANDBY_SECONDS)
            return
        deliveries = self._stream.undecided() if self._behind else self._stream.fresh()
        if deliveries:
            # Until the acknowledgement has gone through, what was delivered counts as left behind.
            self._behind = True
            self._accept(deliveries)
            self._behind = self._stream.acknowledge(deliveries)
            INTAKE_MESSAGES.inc(len(deliveries))
        elif self._behind:
            self._behind = False
        else:
            # A reader that lost its lease between two steps may have left messages behind: look when there is time.
            self._behind = not self._stream.wait(WAIT_MILLISECONDS)

    def _hold_lease(self) -> bool:
        held = self._lease.keep()
        if held and not self._active:
            log.info("intake reads the stream")
            self._opened = False
        elif self._active and not held:
            log.warning("another intake reads the stream now; this one stands by")
        self._active = held
        INTAKE_ACTIVE.set(held)
        if held and not self._opened:
            self._stream.open()
            self._behind = self._opened = True
        return held

    def _give_back_lease(self) -> None:
        try:
            self._lease.release()
        except (Unavailable, psycopg.Error) as error:
            log.warning("the lease could not be given back; it ends by itself", reason=str(error))

    def _back_off(self, error: Exception) -> None:
        self._behind = True
        if isinstance(error, ResponseError) and "NOGROUP" in str(error):
            log.warning("the intake stream was wiped; reading it anew from its beginning")
            self._opened = False
            return
        self._failures += 1
        INTAKE_FAILURES.inc()
        if self._failures == 1:
            log.warning("intake waits; the messages stay in the stream", reason=str(error))
        time.sleep(min(0.1 * 2**self._failures, LONGEST_BACK_OFF_SECONDS))

    def _recovered(self) -> None:
        if self._failures:
            log.info("intake goes on", attempts=self._failures)
            self._failures = 0
