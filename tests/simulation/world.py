"""The world of one simulation: publishers, readers, workers and the accidents that befall them."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Self
from unittest.mock import patch

from tests.support.books import accepted_messages
from tests.support.shop import documents, key, masters
from tests.support.streams import doorbells, told
from worker import routes
from worker.bells import Bells, Lane
from worker.broker import sender
from worker.client import Publisher
from worker.intake import reader
from worker.intake.process import opened
from worker.intake.reader import Reader
from worker.intake.stream import IntakeStream
from worker.messages import canonical
from worker.outcomes import Outcomes
from worker.redis_client import connect
from worker.services import acceptance, deciding, lanes, posting
from worker.services.acceptance import Message
from worker.services.lanes import post_lane
from worker.services.posting import drain
from worker.services.sweeping import sweep
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.database import Database
from worker.store.intake.acceptance import accept
from worker.store.names.companies import all_companies
from worker.store.posting.lanes import lanes_with_work

COMPANIES = ("Grocery", "Fuel", "Garden")
DOCUMENTS_EACH = 40


class PowerCut(BaseException):
    """The process is gone; nothing in it may catch this."""


# Where a process can end: the object and its function, and whether that was still done.
INTAKE_ENDS = (
    (acceptance, "accept", True),  # all is written, nothing is committed
    (Bells, "ring", False),  # committed, nobody rung for
    (Outcomes, "publish", False),
    (IntakeStream, "acknowledge", False),  # told, not acknowledged
    (IntakeStream, "acknowledge", True),
)
WORKER_ENDS = (
    (lanes, "drain", False),  # the bell is answered, nothing is done
    (deciding, "save_lane", True),  # all is written, nothing is committed
    (Outcomes, "publish", False),  # committed, not told
    (Outcomes, "publish", True),
    (posting, "note_published", False),  # told, not noted
)


class World:
    """Everything between the publishers and the ledgers; `step` lets one thing happen, by the seed's choice."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings = replace(settings, intake_batch=7, lane_batch=5, lease_seconds=600)
        self._choice = random.Random(seed)
        self._server = connect(str(settings.redis_url))
        self._publisher = Publisher(str(settings.redis_url))
        self._stack = ExitStack()
        self._unsent = {company: list(documents(company, DOCUMENTS_EACH, seed)) for company in COMPANIES}
        self._sent: list[dict[str, Any]] = []
        self._statuses: dict[tuple[str, str, str], list[str]] = {}
        self._readers: list[Reader] = []
        self.power_cuts: set[str] = set()  # what was interrupted, where
        self._happenings: list[tuple[Callable[[], None], int]] = [
            (self._publish, 40), (self._publish_again, 8), (self._publish_conflict, 2), (self._read, 30), (self._work, 30),
            (self._end_reader, 6), (self._end_worker, 6), (self._take_over, 3), (self._lose_doorbell, 3), (self._sweep, 4),
            (self._wipe_redis, 1), (self._bells_fall_silent, 3),
            (self._wake_an_earlier_reader, 3),
        ]  # fmt: skip

    def __enter__(self) -> Self:
        # Nobody else is there to wait for.
        self._stack.enter_context(patch.object(reader, "WAIT_MILLISECONDS", 1))
        self._stack.enter_context(patch.object(reader, "STANDBY_SECONDS", 0))
        self._broker = self._stack.enter_context(sender(str(self._settings.broker_url)))
        self._start_worker()
        self._start_reader()
        shared = masters(*COMPANIES)
        self._choice.shuffle(shared)
        self._publisher.submit_many(shared)
        self._sent += shared
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def step(self) -> None:
        """Let one thing happen."""
        happenings, weights = zip(*self._happenings, strict=True)
        self._choice.choices(happenings, weights)[0]()
        self._listen()

    def settle(self) -> None:
        """Let accidents end: all documents are sent once more, and everything runs until nothing waits."""
        for waiting in self._unsent.values():
            self._sent += waiting
        self._publisher.submit_many(self._sent)
        self._take_over()
        while True:
            for _ in range(len(self._sent)):
                self._read()
            self._bells_fall_silent()
            self._sweep()
            while doorbells(self._server):
                self._work()
            self._listen()
            with self._tools.database.transaction() as connection:
                if not lanes_with_work(connection) and not self._server.xlen(routes.INTAKE_STREAM):
                    return

    def check_outcomes(self) -> None:
        """Every message was told an outcome that is final, and none of two kinds but for a named conflict."""
        for document in self._sent:
            statuses = self._statuses[key(document)]
            assert set(statuses) <= {"posted", "rejected", "parked"} or statuses.count("accepted") == len(statuses)

    def accepted_messages(self) -> list[bytes]:
        """Documents and masters in the order of their acceptance."""
        return accepted_messages(str(self._settings.database_url))

    @staticmethod
    def replay(database_url: str, history: list[bytes]) -> None:
        """Accept and decide these messages one after the other, without Redis or accidents."""
        database = Database(database_url)
        for raw in history:
            with database.transaction() as connection:
                (receipt,) = accept(connection, [acceptance.read(Message(raw))], canonical=canonical)
                # A master may release documents of every company.
                companies = [receipt.company_id] if receipt.sequence else list(all_companies(connection).values())
            for company_id in companies:
                drain(database, company_id)
        database.close()

    # -- publishers ---------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        company = self._choice.choice([name for name, left in self._unsent.items() if left] or [""])
        if company:
            self._sent.append(self._unsent[company].pop(0))
            self._publisher.submit(self._sent[-1])

    def _publish_again(self) -> None:
        again = self._choice.choices(self._sent, k=5)
        self._publisher.submit_many([dict(reversed(document.items())) for document in again])

    def _publish_conflict(self) -> None:
        accepted = [document for document in self._sent if "posted" in self._statuses.get(key(document), ())]
        if accepted:
            self._publisher.submit(self._choice.choice(accepted) | {"remarks": "another content"})

    def _listen(self) -> None:
        for outcome in told(self._server):
            place = (outcome["company"], outcome["type"], outcome["number"])
            self._statuses.setdefault(place, []).append(outcome["status"])
        self._server.delete(routes.OUTCOMES_STREAM)

    # -- readers ------------------------------------------------------------------------------------------------------

    def _start_reader(self) -> None:
        self._readers.append(self._stack.enter_context(opened(self._settings, f"reader {len(self._readers)}")))

    def _read(self) -> None:
        self._readers[-1].step()

    def _wake_an_earlier_reader(self) -> None:
        """A reader that was paused, and doesn't know yet that its lease has run out, goes on."""
        self._choice.choice(self._readers).step()

    def _end_reader(self) -> None:
        self._cut_power(self._choice.choice(INTAKE_ENDS), self._read)
        self._take_over()

    def _take_over(self) -> None:
        """The lease runs out, and another reader takes it; the earlier ones may still be about."""
        with self._tools.database.transaction() as connection:
            connection.execute("UPDATE stream_lease SET expires_at = clock_timestamp() - interval '1 second'")
        self._start_reader()

    # -- workers ------------------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        self._tools: Tools = self._stack.enter_context(open_tools(self._settings, self._broker))

    def _work(self) -> None:
        waiting = doorbells(self._server)
        if waiting:
            self._lose_doorbell()
            company_id, company = waiting[0]
            post_lane(self._tools, Lane(int(str(company_id)), str(company)))

    def _lose_doorbell(self) -> None:
        self._server.rpop(routes.POSTING)

    def _end_worker(self) -> None:
        self._cut_power(self._choice.choice(WORKER_ENDS), self._work)
        self._start_worker()

    def _sweep(self) -> None:
        sweep(self._tools)

    def _bells_fall_silent(self) -> None:
        """Ten seconds pass."""
        bells = list(self._server.scan_iter("perpetua:bell:*"))
        if bells:
            self._server.delete(*bells)

    # -- accidents ----------------------------------------------------------------------------------------------------

    def _wipe_redis(self) -> None:
        self._server.flushdb()
        # Publishers keep what has no outcome yet, and send it again.
        self._publisher.submit_many([document for document in self._sent if key(document) not in self._statuses])

    def _cut_power(self, end: tuple[Any, str, bool], work: Callable[[], None]) -> None:
        owner, name, done = end
        original = getattr(owner, name)

        def cut(*arguments: Any, **named: Any) -> None:
            if done:
                original(*arguments, **named)
            raise PowerCut

        with patch.object(owner, name, cut):
            try:
                work()
            except PowerCut:
                self.power_cuts.add(f"{name} {'done' if done else 'not begun'}")
