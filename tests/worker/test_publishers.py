"""Publishers: who may publish what, proved by signature; and every way of getting past the door refused, kept and recorded."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest

from domain.errors import Unavailable
from domain.masters import Publisher as Registered
from tests.support.shop import masters
from tests.support.streams import told
from worker.broker import sender
from worker.messages.signature import sign
from worker.services.acceptance import Message, take
from worker.services.publishers import Given, PublisherError, Publishers
from worker.services.publishers.admission import MASTER_SIGNED_WITHIN_SECONDS, admit
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.signing_secret import make_signing_secret, signing_secret

SECRET = "a secret of this installation, long enough"
NOW = int(time.time())
TILL = Registered(
    name="till 7", companies=["Grocery"], document_types=["delivery_note", "cancel", "item"], requires_signature=True
)


def note(number: str = "DN-1", **changed: Any) -> bytes:
    content = {
        "type": "delivery_note",
        "company": "Grocery",
        "number": number,
        "posting_datetime": "2026-01-05T09:00:00Z",
        "customer": "Ann",
        "lines": [{"item": "Apple", "warehouse": "Shop", "qty": 1}],
    }
    return msgspec.json.encode(content | changed)


def cancel(of: str, number: str = "C-1") -> bytes:
    return msgspec.json.encode(
        {
            "type": "cancel", "company": "Grocery", "number": number, "posting_datetime": "2026-01-05",
            "target": {"type": of, "number": "X-1"},
        }
    )  # fmt: skip


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    required = replace(settings, signing="required", signing_secret=SECRET)
    with sender(str(settings.broker_url)) as broker, open_tools(required, broker) as opened:
        yield opened


@pytest.fixture
def register(tools: Tools) -> Publishers:
    return Publishers(tools.database, "ops")


@pytest.fixture
def key(register: Publishers) -> str:
    return given(register.add(TILL, SECRET)).key


def given(one: Given | None) -> Given:
    assert one is not None
    return one


def signed(raw: bytes, key: str, *, name: str = "till 7", at: int = NOW, message_id: str = f"{NOW}000-1") -> Message:
    return Message(raw, name, message_id, signature=sign(key, name, str(at), raw), signed_at=str(at))


def send(tools: Tools, *messages: Message) -> list[str]:
    """The code of each message's refusal, or its status where it came in."""
    receipts = take(tools, messages, door=admit)
    return [
        str((receipt.error or {}).get("code")) if receipt.status == "barred" else receipt.status for receipt in receipts
    ]


def rows(tools: Tools, statement: str) -> list[tuple[Any, ...]]:
    with tools.database.transaction() as connection:
        return connection.execute(statement).fetchall()


def test_what_a_publisher_signs_and_may_publish_comes_in(tools: Tools, key: str) -> None:
    assert (
        send(tools, signed(note(), key), signed(note("DN-2"), key), signed(cancel("delivery_note"), key)) == ["new"] * 3
    )
    assert rows(tools, "SELECT DISTINCT publisher FROM document") == [("till 7",)]


def test_every_way_past_the_door_is_refused_and_takes_no_number(tools: Tools, key: str) -> None:
    right = signed(note(), key)
    refusals = {
        "UnknownPublisher": [
            Message(note()),
            Message(note(), "nobody"),
            signed(note(), key, name="nobody"),
        ],
        "SignatureMissing": [Message(note(), "till 7")],
        "WrongSignature": [
            right._replace(raw=note(customer="Eve")),  # other bytes
            right._replace(raw=note() + b" "),  # a blank more
            right._replace(signed_at=str(NOW + 1)),  # another time
            right._replace(signed_at="now"),
            right._replace(signature="zz"),
            right._replace(signature=right.signature[:-2]),
            signed(note(), "0badc0de.of-somebody-else"),
        ],
        "PublisherNotAllowed": [
            signed(note(company="Fuel"), key),
            signed(msgspec.json.encode(masters("Grocery")[0]), key),
            signed(cancel("purchase_receipt"), key),
            signed(msgspec.json.encode({"type": "item", "code": "Pear"}), key),  # shared by all companies
            signed(msgspec.json.encode({"type": "publisher", "name": "till 7"}), key),
        ],
    }
    for code, messages in refusals.items():
        numbered = [m._replace(message_id=f"{NOW}000-{code}{n}") for n, m in enumerate(messages)]
        assert send(tools, *numbered) == [code] * len(messages), code
    assert rows(tools, "SELECT count(*) FROM document") == [(0,)]
    assert rows(tools, "SELECT name FROM company WHERE company_id <> 0") == []
    # The number is free for whom it belongs to.
    assert send(tools, right) == ["new"]


def test_a_refusal_is_told_kept_byte_for_byte_and_recorded_once(tools: Tools, key: str) -> None:
    forged = signed(note(), key)._replace(raw=note(customer="Eve"), message_id=f"{NOW}000-7")
    for _ in range(2):  # the stream may deliver it again
        assert send(tools, forged) == ["WrongSignature"]
    outcome = told(tools.redis)[0]
    assert (outcome["number"], outcome["status"], outcome["error"]["code"]) == ("DN-1", "rejected", "WrongSignature")
    assert outcome["error"]["details"]["message_id"] == forged.message_id
    ((raw, publisher),) = rows(tools, "SELECT raw, publisher FROM refused_message")
    assert (bytes(raw), publisher) == (forged.raw, "till 7")
    assert rows(
        tools,
        "SELECT publisher, company, type, number, message_id, details ->> 'code' FROM publisher_event WHERE action = 'refused'",
    ) == [("till 7", "Grocery", "delivery_note", "DN-1", forged.message_id, "WrongSignature")]
    for statement in ("UPDATE publisher_event SET actor = 'x'", "DELETE FROM publisher_event"):
        with pytest.raises(psycopg.Error):
            rows(tools, statement)


def test_one_refused_message_holds_up_no_other(tools: Tools, key: str) -> None:
    between = Message(note("DN-2"), "till 7", f"{NOW}000-2")
    assert send(tools, signed(note("DN-1"), key), between, signed(note("DN-3"), key)) == [
        "new",
        "SignatureMissing",
        "new",
    ]
    assert rows(tools, "SELECT sequence, number FROM document ORDER BY 1") == [(1, "DN-1"), (2, "DN-3")]


def test_a_document_sent_again_by_anybody_is_the_same_document(tools: Tools, key: str) -> None:
    long_ago = signed(note(), key, at=NOW - 10 * 86_400)
    assert send(tools, long_ago) == ["new"]
    assert send(tools, long_ago._replace(message_id=f"{NOW}999-1")) == ["known"]


def test_a_master_sent_again_by_somebody_else_brings_nothing_back(tools: Tools, register: Publishers) -> None:
    key = given(register.add(Registered(name="erp"), SECRET)).key

    def item(name: str) -> bytes:
        return msgspec.json.encode({"type": "item", "code": "Apple", "name": name})

    first = signed(item("Apple"), key, name="erp")
    assert send(tools, first, signed(item("Apple, red"), key, name="erp")) == ["master", "master"]
    later = f"{NOW + MASTER_SIGNED_WITHIN_SECONDS + 1}000-1"
    assert send(tools, first._replace(message_id=later)) == ["SignatureOutdated"]
    anew = signed(item("Apple"), key, name="erp", at=NOW + MASTER_SIGNED_WITHIN_SECONDS, message_id=later)
    assert send(tools, anew) == ["master"]


def test_two_keys_hold_while_a_publisher_changes_over(tools: Tools, register: Publishers) -> None:
    old = given(register.add(TILL, SECRET))
    new = register.rotate("till 7", SECRET)
    assert old.key != new.key
    assert send(tools, signed(note("DN-1"), old.key), signed(note("DN-2"), new.key)) == ["new", "new"]
    with pytest.raises(PublisherError, match="retire the older one first"):
        register.rotate("till 7", SECRET)
    register.retire("till 7", old.key_id)
    assert send(tools, signed(note("DN-3"), old.key), signed(note("DN-4"), new.key)) == ["WrongSignature", "new"]
    with pytest.raises(PublisherError, match="the only key"):
        register.retire("till 7", new.key_id)


def test_a_revoked_publisher_is_shut_out_and_its_keys_stay_so(tools: Tools, register: Publishers, key: str) -> None:
    register.revoke("till 7")
    assert send(tools, signed(note(), key)) == ["PublisherDisabled"]
    with pytest.raises(PublisherError, match="no publisher till 7 is registered"):
        register.rotate("till 7", SECRET)
    anew = given(register.add(TILL, SECRET))
    assert send(tools, signed(note(), key), signed(note(), anew.key)) == ["WrongSignature", "new"]
    actions = rows(tools, "SELECT action, actor FROM publisher_event WHERE action <> 'refused' ORDER BY at")
    assert actions == [(action, "ops") for action in ("added", "key added", "revoked", "added", "key added")]


def test_a_publisher_may_be_narrowed_and_widened(tools: Tools, register: Publishers, key: str) -> None:
    register.allow("till 7", ["Grocery"], [])
    assert send(tools, signed(note(), key)) == ["PublisherNotAllowed"]
    register.allow("till 7", None, None)
    assert send(tools, signed(note(company="Fuel"), key)) == ["new"]
    # Whom to trust with the register itself is said by name only.
    other = msgspec.json.encode({"type": "publisher", "name": "Eve"})
    assert send(tools, signed(other, key)) == ["PublisherNotAllowed"]
    register.allow("till 7", None, ["publisher"])
    assert send(tools, signed(other, key)) == ["master"]
    with pytest.raises(PublisherError, match="already"):
        register.add(TILL, SECRET)


def test_where_signing_is_left_open_whoever_has_a_key_still_signs(tools: Tools, register: Publishers, key: str) -> None:
    with (
        sender(str(tools.settings.broker_url)) as broker,
        open_tools(replace(tools.settings, signing="optional"), broker) as opened,
    ):
        assert (
            send(opened, Message(note("DN-1")), Message(note("DN-2"), "somebody"), signed(note("DN-3"), key))
            == ["new"] * 3
        )
        assert send(opened, Message(note("DN-4"), "till 7")) == ["SignatureMissing"]
        assert send(opened, signed(note("DN-4"), key, name="somebody")) == ["UnknownPublisher"]
        assert send(opened, Message(msgspec.json.encode({"type": "publisher", "name": "till 7"}))) == [
            "PublisherNotAllowed"
        ]
        register.add(Registered(name="unsigned", companies=["Grocery"]), None)
        assert send(opened, Message(note("DN-5"), "unsigned"), Message(note("DN-6", company="Fuel"), "unsigned")) == [
            "new", "PublisherNotAllowed",
        ]  # fmt: skip


def test_documents_wait_where_the_secret_is_not_known(tools: Tools, key: str) -> None:
    unknowing = replace(tools.settings, signing_secret=None)
    with sender(str(tools.settings.broker_url)) as broker, open_tools(unknowing, broker) as opened:
        with pytest.raises(Unavailable, match="PERPETUA_SIGNING_SECRET") as caught:
            send(opened, signed(note(), key))
        assert caught.value.code == "SigningSecretMissing"
    assert rows(tools, "SELECT count(*) FROM document") == [(0,)]


def test_the_door_of_celery_is_the_same_door(tools: Tools, key: str) -> None:
    document = note().decode()
    right = {
        "document": document,
        "publisher": "till 7",
        "signed_at": str(NOW),
        "signature": sign(key, "till 7", str(NOW), note()),
    }
    outcomes = submit(
        tools, [msgspec.json.decode(note()), document, right | {"document": document + " "}, right | {"signature": None}, right],
        door=admit,
    )  # fmt: skip
    assert [(outcome["status"], (outcome["error"] or {}).get("code")) for outcome in outcomes[:4]] == [
        ("rejected", "UnknownPublisher"), ("rejected", "UnknownPublisher"), ("rejected", "WrongSignature"),
        ("rejected", "SignatureMissing"),
    ]  # fmt: skip
    assert outcomes[4]["sequence"] == 1
    # Parked, since the shop has no masters yet: it came in.
    assert outcomes[4]["status"] == "parked"


def test_neither_the_database_nor_the_stream_holds_a_key_or_the_secret(tools: Tools, key: str) -> None:
    send(tools, signed(note(), key), signed(note("DN-2", company="Fuel"), key))
    tables = [name for (name,) in rows(tools, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    held = " ".join(str(row) for name in tables for row in rows(tools, f'SELECT t::text FROM "{name}" t'))
    assert "till 7" in held
    for hidden in (SECRET, key, key.partition(".")[2]):
        assert hidden not in held
    assert SECRET not in repr(tools.settings)


def test_where_servers_are_embedded_the_secret_is_made_up_for_its_owner_alone(settings: Settings) -> None:
    assert signing_secret(settings) is None
    made = make_signing_secret(settings)
    assert signing_secret(settings) == made
    assert len(made) == 64
    (file,) = settings.home.glob("*secret*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_secret(replace(settings, signing_secret=SECRET)) == SECRET
