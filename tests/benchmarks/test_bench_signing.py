"""What signatures cost at the door: the same batches accepted signed and unsigned, by turns, in one run."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from domain.masters import Publisher as Registered
from tests.benchmarks.test_bench_posting import BATCH, ROUNDS, WARM, masters, receipt
from worker.broker import sender
from worker.messages.signature import sign
from worker.services.acceptance import Message, take
from worker.services.publishers import Publishers, admit
from worker.services.tools import open_tools
from worker.settings import Settings

SECRET = "a secret of this installation, long enough"
TURNS = 4


@pytest.mark.bench
def test_a_signed_document_costs_hardly_more_than_an_unsigned_one(settings: Settings, ratios: Any) -> None:
    own = replace(settings, signing_secret=SECRET)
    with sender(str(settings.broker_url)) as broker, open_tools(own, broker) as tools:
        given = Publishers(tools.database, "bench").add(Registered(name="shop", requires_signature=True), SECRET)
        assert given is not None
        take(tools, [Message(json.dumps(master).encode()) for master in masters()])
        now, place = str(int(time.time())), 0
        took: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(ROUNDS + WARM):
            for signed in (True, False):
                seconds = 0.0
                for _ in range(TURNS):
                    batch = [Message(json.dumps(receipt(place + n, 1)).encode()) for n in range(BATCH)]
                    place += BATCH
                    if signed:
                        batch = [
                            one._replace(
                                publisher="shop", signed_at=now, signature=sign(given.key, "shop", now, one.raw)
                            )
                            for one in batch
                        ]
                    # The processor's time, which others on the machine don't take.
                    began = time.process_time()
                    receipts = take(tools, batch, door=admit)
                    seconds += time.process_time() - began
                    assert {one.status for one in receipts} == {"new"}
                if turn >= WARM:
                    took[signed].append(seconds)
    ratios.compare("a signed document accepted (processor)", took[True], took[False], most=1.3, unit=BATCH * TURNS)
