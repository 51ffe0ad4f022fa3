"""Previews as a flag on a document: what it would change is told, nothing is written, and only a decision posts it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.support.lanes import COMPANY, MASTERS, Json, delivery, dump, number_of, post_all, publish, receipt, rows
from tests.support.processes import environment
from worker import routes
from worker.app import app, configuration
from worker.bells import Lane
from worker.cli.application import run
from worker.services.acceptance import Message, take
from worker.services.previewing import answer_previews
from worker.services.submission import submit
from worker.services.sweeping import sweep
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.posting.outcomes import fetch_outcome

BACK = receipt("PR-0", 4, "150", at="2024-06-14T09:00:00")


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        publish(
            opened.database,
            [*MASTERS, {**COMPANY, "time_zone": "UTC"}, receipt("PR-1", 10, "200"), delivery("DN-1", 4)],
        )
        post_all(opened.database)
        yield opened


def asked(document: Json) -> Json:
    return {**document, "preview": True}


def told(tools: Tools) -> list[dict[str, Any]]:
    """Every outcome on the stream."""
    found: Any = tools.redis.xrange(routes.OUTCOMES_STREAM)
    return [msgspec.json.decode(fields[b"outcome"]) for _, fields in found]


def outcome_of(tools: Tools, document: Json) -> dict[str, Any] | None:
    with tools.database.transaction() as connection:
        return fetch_outcome(connection, "Grocery", document["type"], document["number"])


def test_what_a_document_would_change_is_told_and_nothing_is_written_until_it_is_sent_to_be_posted(
    tools: Tools,
) -> None:
    before = dump(tools.database), rows(tools.database, "SELECT count(*) FROM document")
    (outcome,) = submit(tools, [asked(BACK)])
    assert (outcome["status"], outcome["error"], outcome["sequence"]) == ("previewed", None, None)
    seen = outcome["preview"]
    assert (seen["would_be"], seen["complete"], seen["first_open_day"]) == ("posted", True, "2024-06-14")
    assert seen["vouchers"] == [{"type": "delivery_note", "number": "DN-1", "change": "200.00"}]
    assert {(row["account"], row["month"], row["change"]) for row in seen["accounts"]} == {
        ("Cost of Goods Sold", "2024-06", "-200.00"),
        ("Stock In Hand", "2024-06", "800.00"),
        ("Stock Received But Not Billed", "2024-06", "-600.00"),
    }
    assert (dump(tools.database), rows(tools.database, "SELECT count(*) FROM document")) == before
    assert told(tools)[-1] == outcome == json.loads(json.dumps(outcome_of(tools, BACK)))
    # Sent without the flag it is accepted: the same key, and no conflict.
    (posted,) = submit(tools, [BACK])
    assert posted["status"] == "posted"
    # Asked about again, what stands is told.
    (again,) = submit(tools, [asked(BACK)])
    assert (again["status"], again["voucher_no"]) == ("posted", posted["voucher_no"])
    (other,) = submit(tools, [asked({**BACK, "supplier": "Other"})])
    assert (other["status"], other["error"]["code"]) == ("previewed", "DuplicateConflict")


def test_the_stream_has_it_answered_and_a_lost_doorbell_is_made_up_for(tools: Tools) -> None:
    lane = Lane(number_of(tools.database), "Grocery")
    (taken,) = take(tools, [Message(json.dumps(asked(BACK)).encode(), "till 3", "1-1")])
    assert taken.status == "preview"
    waiting = outcome_of(tools, BACK)
    assert waiting is not None
    assert waiting["status"] == "previewing"
    assert tools.redis.exists(routes.preview_bell_key(lane.company_id))
    tools.redis.delete(routes.preview_bell_key(lane.company_id))
    sweep(tools)
    assert tools.redis.exists(routes.preview_bell_key(lane.company_id))
    assert answer_previews(tools, lane) == "Grocery: 1 previews answered"
    assert not tools.redis.exists(routes.preview_bell_key(lane.company_id))
    assert [outcome["status"] for outcome in told(tools)] == ["previewed"]
    assert answer_previews(tools, lane) == "Grocery: nothing waits"


def test_what_would_be_refused_leaves_its_number_free(tools: Tools) -> None:
    (short,) = submit(tools, [asked(delivery("DN-9", 100))])
    assert (short["preview"]["would_be"], short["error"]["code"]) == ("rejected", "NegativeStock")
    (wrong,) = submit(tools, [asked({**BACK, "supplyer": "Mill"})])
    assert (wrong["status"], wrong["error"]["code"]) == ("previewed", "UnknownField")
    (parked,) = submit(tools, [asked(receipt("PR-5", item="Barley"))])
    assert (parked["preview"]["would_be"], parked["error"]["code"]) == ("parked", "UnknownMaster")
    (nowhere,) = submit(tools, [asked({**BACK, "company": "Nowhere"})])
    assert nowhere["preview"]["would_be"] == "parked"
    till = {
        "type": "pos_opening",
        "company": "Grocery",
        "number": "PO-1",
        "posting_datetime": "2024-06-16",
        "pos_profile": "T",
        "user": "a",
    }
    (not_foreseen,) = submit(tools, [asked(till)])
    assert not_foreseen["error"]["code"] == "NotPreviewed"
    assert [outcome["status"] for outcome in submit(tools, [delivery("DN-9", 2), BACK])] == ["posted", "posted"]


def test_a_cancel_is_previewed_like_any_other(tools: Tools) -> None:
    cancel = {
        "type": "cancel",
        "company": "Grocery",
        "number": "CX-1",
        "target": {"type": "delivery_note", "number": "DN-1"},
    }
    (outcome,) = submit(tools, [asked(cancel)])
    assert {row["account"]: row["change"] for row in outcome["preview"]["accounts"]} == {
        "Cost of Goods Sold": "-800.00", "Stock In Hand": "800.00",
    }  # fmt: skip
    assert outcome_of(tools, delivery("DN-1"))["status"] == "posted"  # type: ignore[index]


def test_an_operator_accepts_redirects_and_refuses(
    tools: Tools, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    publish(
        tools.database,
        [
            {
                "type": "accounting_period",
                "company": "Grocery",
                "name": "May",
                "start": "2024-05-01",
                "end": "2024-05-31",
                "status": "closed",
            }
        ],
    )
    may = receipt("PR-MAY", 2, "100", at="2024-05-20T09:00:00")
    (closed,) = submit(tools, [asked(may)])
    assert (closed["error"]["code"], closed["preview"]["first_open_day"]) == ("PeriodClosed", "2024-06-01")
    submit(tools, [asked(BACK), asked(receipt("PR-8"))])

    def says(*arguments: str) -> tuple[int, str]:
        code = run(["documents", *arguments])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    code, listed = says("list", "--status", "previewed")
    assert code == 0
    assert all(number in listed for number in ("PR-MAY", "PR-0", "PR-8"))
    assert says("redirect", "purchase_receipt", "PR-0")[0] == 1  # its day is open
    assert "on 2024-06-01" in says("redirect", "purchase_receipt", "PR-MAY")[1]
    assert rows(tools.database, "SELECT posting_date::text FROM voucher WHERE number = 'PR-MAY'") == [("2024-06-01",)]
    assert says("accept", "purchase_receipt", "PR-0")[0] == 0
    assert says("refuse", "purchase_receipt", "PR-8") == (0, "purchase_receipt PR-8 is refused.\n")
    refused = outcome_of(tools, receipt("PR-8"))
    assert refused is not None
    assert (refused["status"], refused["error"]["code"]) == ("rejected", "PreviewRefused")
    assert told(tools)[-1]["number"] == "PR-8"
    code, again = says("accept", "purchase_receipt", "PR-8")
    assert code == 1
    assert "decided already" in again
    assert rows(tools.database, "SELECT count(*) FROM voucher WHERE number = 'PR-8'") == [(0,)]
