"""Lanes under several workers: nobody waits for another, and nothing is overlooked between two looks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from domain.documents import PurchaseReceipt
from domain.errors import Unavailable
from tests.support.books import statuses, undecided
from tests.support.shop import documents, masters
from tests.support.streams import doorbells
from worker.bells import Lane
from worker.broker import sender
from worker.messages import decode
from worker.services import lanes
from worker.services.acceptance import Message, take
from worker.services.computing import figures_of
from worker.services.lanes import post_lane
from worker.services.posting import drain
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.posting.lanes import take_lane

SHOP = list(documents("Grocery", 12))


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    with sender(str(settings.broker_url)) as broker, open_tools(replace(settings, lane_batch=3), broker) as opened:
        accept(opened, masters("Grocery"))
        yield opened


def accept(tools: Tools, messages: list[dict[str, Any]]) -> None:
    take(tools, [Message(msgspec.json.encode(message)) for message in messages])


@pytest.fixture
def lane(tools: Tools) -> Lane:
    with tools.database.transaction() as connection:
        (company_id,) = connection.execute("SELECT company_id FROM company WHERE name = 'Grocery'").fetchone() or (0,)
    assert isinstance(company_id, int)
    return Lane(company_id, "Grocery")


def test_a_lane_is_drained_in_batches_and_said_in_words(tools: Tools, lane: Lane, settings: Settings) -> None:
    accept(tools, SHOP)
    said = post_lane(tools, lane)
    counted = statuses(str(settings.database_url))
    assert (
        said
        == f"Grocery: {counted['posted']} posted, {counted.get('rejected', 0)} rejected, 0 parked (PR-1 ... {SHOP[-1]['number']})"
    )
    assert not tools.bells.rings(lane)


def test_a_second_worker_leaves_the_lane_and_hangs_up_the_bell(tools: Tools, lane: Lane, settings: Settings) -> None:
    accept(tools, SHOP)
    with tools.database.transaction() as connection:
        connection.execute("SELECT FROM lane WHERE company_id = %s FOR UPDATE", [lane.company_id])
        assert post_lane(tools, lane) == "Grocery: another worker is at it"
    assert tools.bells.rings(lane), "the worker at the lane has to see that it was rung"
    assert undecided(str(settings.database_url)) == len(SHOP)


def test_what_comes_after_the_last_look_is_seen_all_the_same(tools: Tools, lane: Lane, settings: Settings) -> None:
    """A second worker is turned away just when the first has looked for the last time: the first looks at the bell, and again."""
    accept(tools, SHOP[:3])
    late = iter([SHOP[3:6]])

    def drain_and_be_rung(*arguments: Any, **named: Any) -> Any:
        drained = drain(*arguments, **named)
        for documents_ in late:
            accept(tools, documents_)
        return drained

    with patch.object(lanes, "drain", drain_and_be_rung):
        said = post_lane(tools, lane)
    assert said.startswith("Grocery: 6 posted")
    assert undecided(str(settings.database_url)) == 0


def test_a_turn_that_takes_too_long_is_handed_on(tools: Tools, lane: Lane, settings: Settings) -> None:
    accept(tools, SHOP)
    before = len(doorbells(tools.redis))
    with patch.object(lanes, "TURN_SECONDS", 0.0):
        said = post_lane(tools, lane)
    assert said.endswith("; more wait")
    assert len(doorbells(tools.redis)) == before + 1
    assert undecided(str(settings.database_url)) == len(SHOP) - 3


def test_figures_are_not_computed_while_another_writer_has_the_lane(tools: Tools, lane: Lane) -> None:
    receipt = decode(msgspec.json.encode(SHOP[0]))
    assert isinstance(receipt, PurchaseReceipt)
    with tools.database.transaction() as writer:
        assert take_lane(writer, lane.company_id) is not None
        with pytest.raises(Unavailable) as caught:
            figures_of(tools.database, lane.company_id, receipt)
    assert caught.value.code == "LaneBusy"
    assert figures_of(tools.database, lane.company_id, receipt)["grand_total"]
