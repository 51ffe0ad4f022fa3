"""The page of publishers: who is registered, with keys of what age, heard of when, and what was refused in whose name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from domain.masters import Publisher as Registered
from tests.support.desk import RunningDesk, rows_of, running_desk
from tests.support.lanes import MASTERS, delivery, number_of, publish, rows
from worker.broker import sender
from worker.desk.roles import Role
from worker.messages.signature import sign
from worker.services.acceptance import Message, take
from worker.services.publishers import Given, Publishers, admit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings

SECRET = "a secret of this installation, long enough"
NOW = 1_767_600_000


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    own = replace(settings, signing="required", signing_secret=SECRET)
    with sender(str(settings.broker_url)) as broker, open_tools(own, broker) as opened:
        publish(opened.database, MASTERS)
        yield opened


@pytest.fixture
def desk(tools: Tools) -> Iterator[RunningDesk]:
    with running_desk(tools.settings, ada=frozenset({Role.ADMINISTER}), bob=frozenset({Role.OPERATE})) as running:
        yield running


def given(one: Given | None) -> Given:
    assert one is not None
    return one


def signed(name: str, key: str, number: str, place: int) -> Message:
    raw = msgspec.json.encode(delivery(number))
    return Message(raw, name, f"{NOW}000-{place}", signature=sign(key, name, str(NOW), raw), signed_at=str(NOW))


@pytest.mark.slow
def test_publishers_their_keys_and_what_was_refused_are_seen_and_changed(desk: RunningDesk, tools: Tools) -> None:
    register, company = Publishers(tools.database, "ops"), number_of(tools.database)
    first = given(
        register.add(Registered(name="web & shop", companies=["Grocery"], document_types=["delivery_note"]), SECRET)
    )
    given(register.add(Registered(name="quiet", companies=[], document_types=None), SECRET))
    take(
        tools,
        [
            signed("web & shop", first.key, "DN-1", 1),
            *(signed("web & shop", first.key + "x", f"DX-{n:02}", 2 + n) for n in range(60)),
        ],
        door=admit,
    )
    base, bob, ada = f"/desk/{company}/publishers", desk.visitor("bob"), desk.visitor("ada")
    assert desk.visitor().get(base).status == 302
    assert bob.get("/desk/publishers").place == base
    page = bob.get(base).text
    quiet, shop, *refused = rows_of(page.split("<tbody>", 1)[1])
    assert re.fullmatch(r"quiet Refused signs none any [0-9a-f]{8} 0 days, by ops never", quiet)
    assert re.match(rf"web &amp; shop Refused signs Grocery delivery note {first.key_id} 0 days, by ops 20\d\d-", shop)
    assert "WrongSignature" in refused[1]
    assert first.key.partition(".")[2] not in page

    # Page by page, each once; as it came, as a file and never as a page.
    listed: list[str] = []
    place = f"{base}/refused?publisher=web+%26+shop"
    while place:
        text = bob.get(place).text
        listed += re.findall(r"DX-\d\d", text)
        older = re.search(r'href="([^"]+)" rel="next"', text)
        place = older[1].replace("&amp;", "&") if older else ""
    assert sorted(listed) == [f"DX-{n:02}" for n in range(60)]
    (link,) = re.findall(rf'"({base}/refused/[0-9a-f]{{64}})"[^>]*>', text)[-1:]
    came = bob.get(link)
    assert came.headers["Content-Type"] == "application/octet-stream"
    assert "attachment" in came.headers["Content-Disposition"]
    assert msgspec.json.decode(came.text)["number"] in listed
    assert "No message was refused here" in bob.get(f"{base}/refused?publisher=quiet").text
    assert bob.get(f"{base}/refused/{'0' * 64}").status == 404

    # Changing takes the role to administer, and is on record twice: at the desk, and among the publishers' events.
    assert bob.post(f"{base}/revoke", publisher="quiet").status == 403
    assert "Revoke" not in page
    second = register.rotate("web & shop", SECRET)
    assert first.key_id in ada.follow(ada.post(f"{base}/retire", publisher="web & shop", key=first.key_id)).text
    assert (
        "is the only key of web &amp; shop"
        in ada.follow(ada.post(f"{base}/retire", publisher="web & shop", key=second.key_id)).text
    )
    assert "quiet may publish nothing any more" in ada.follow(ada.post(f"{base}/revoke", publisher="quiet")).text
    assert "no publisher nobody is registered" in ada.follow(ada.post(f"{base}/revoke", publisher="nobody")).text
    (receipt,) = take(tools, [signed("web & shop", first.key, "DN-2", 99)], door=admit)
    assert (receipt.error or {})["code"] == "WrongSignature"
    revoked, *_ = rows_of(ada.get(base).text.split("<tbody>", 1)[1])
    assert revoked.startswith("quiet Refused revoked none any never")
    assert rows(tools.database, "SELECT action, actor FROM publisher_event WHERE actor = 'ada' ORDER BY at") == [
        ("key retired", "ada"),
        ("revoked", "ada"),
    ]
    assert rows(
        tools.database,
        "SELECT action, details ->> 'publisher' FROM desk_action WHERE step = 0 AND company_id <> 0 ORDER BY at",
    ) == [
        ("retire key", "web & shop"),
        ("retire key", "web & shop"),
        ("revoke publisher", "quiet"),
        ("revoke publisher", "nobody"),
    ]


def test_who_is_heard_of_is_noted_once_a_minute(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    key = given(Publishers(tools.database, "ops").add(Registered(name="shop"), SECRET)).key
    at = "SELECT seen_at FROM publisher_seen WHERE publisher = 'shop'"
    take(tools, [signed("shop", key + "x", "DN-1", 1), Message(b"{}", "nobody")], door=admit)
    assert rows(tools.database, at) == []  # who does not prove to be the publisher was not it
    take(tools, [signed("shop", key, "DN-1", 2)], door=admit)
    (first,) = rows(tools.database, at)
    take(tools, [signed("shop", key, "DN-2", 3)], door=admit)
    assert rows(tools.database, at) == [first]
    monkeypatch.setattr("worker.services.publishers.sightings.EVERY_SECONDS", 0.0)
    take(tools, [signed("shop", key, "DN-3", 4)], door=admit)
    assert rows(tools.database, at) > [first]
