"""The contract's door: every malformed input is refused by name, every good one is read exactly."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.documents import DeliveryNote, PurchaseReceipt
from domain.errors import DocumentRejected
from domain.masters import Company
from domain.money import Rate
from domain.quantity import Quantity
from worker.messages import Key, canonical, content_hash, decode, encode, key_of, read_key
from worker.messages.examples import EXAMPLES

DATA = Path(__file__).parents[1] / "data"


def note(qty: str = "5", line: str = "", header: str = "") -> bytes:
    """A delivery note as bytes; `qty` is raw JSON, `line` and `header` are more raw fields."""
    text = (
        '{"type":"delivery_note","company":"Shop","number":"DN-1","posting_datetime":"2024-06-15T09:00:00",'
        f'"lines":[{{"item":"RM0001","qty":{qty}{line}}}]{header}}}'
    )
    return text.encode()


def changed(kind: str, **fields: Any) -> bytes:
    """The example of a type with some header fields changed; None removes one."""
    return json.dumps(
        {name: value for name, value in {**EXAMPLES[kind], **fields}.items() if value is not None}
    ).encode()


def in_line(kind: str, **fields: Any) -> bytes:
    """The example of a type with some fields of its first line changed; None removes one."""
    first, *rest = EXAMPLES[kind]["lines"]
    line = {name: value for name, value in {**first, **fields}.items() if value is not None}
    return changed(kind, lines=[line, *rest])


MALFORMED = {
    "nothing": (b"", "Malformed", ""),
    "no json": (b"hello", "Malformed", ""),
    "cut short": (note()[:-1], "Malformed", ""),
    "two objects": (note() + note(), "Malformed", ""),
    "a list": (b"[]", "Malformed", ""),
    "a number": (b"5", "Malformed", ""),
    "no utf-8": (b'{"type":"\xff"}', "Malformed", ""),
    "utf-16": (note().decode().encode("utf-16"), "Malformed", ""),
    "half a surrogate": (note(header=r',"remarks":"\ud800"'), "Malformed", ""),
    "too large": (note(header=',"remarks":"' + "x" * 5_000_000 + '"'), "TooLarge", ""),
    "10 MB of nesting": (b"[" * 10_000_000, "TooLarge", ""),
    "4 MB of nesting": (note("[" * 4_000_000), "TooDeep", ""),
    "nesting before the type": (b'{"x":' + b'{"a":' * 800_000, "TooDeep", ""),
    "unknown field, then nesting": (b'{"type":"cancel","x":' + b"[" * 1_000_000, "UnknownField", "x"),
    "no type": (b'{"company":"Shop"}', "MissingField", "type"),
    "type of another kind": (b'{"type":5}', "WrongType", "type"),
    "unknown type": (changed("delivery_note", type="delivery"), "UnknownType", "type"),
    "missing field": (changed("delivery_note", number=None), "MissingField", "number"),
    "missing field of a line": (in_line("delivery_note", qty=None), "MissingField", "lines[0].qty"),
    "unknown field": (changed("delivery_note", supplier="Mill"), "UnknownField", "supplier"),
    "unknown field of a line": (note(line=',"price":1'), "UnknownField", "lines[0].price"),
    "unknown field in a dictionary": (
        changed("item", defaults={"Shop": {"colour": "red"}}),
        "UnknownField",
        "defaults.*.colour",
    ),
    "text for a list": (changed("delivery_note", lines="RM0001"), "WrongType", "lines"),
    "text for a truth": (changed("delivery_note", is_return="yes"), "WrongType", "is_return"),
    "number for text": (changed("delivery_note", number=1), "WrongType", "number"),
    "null for a number": (note("null"), "WrongType", "lines[0].qty"),
    "truth for a number": (note("true"), "WrongType", "lines[0].qty"),
    "list for a number": (note("[1]"), "WrongType", "lines[0].qty"),
    "object for a number": (note('{"a":1}'), "WrongType", "lines[0].qty"),
    "number for a time": (changed("delivery_note", posting_datetime=20240615), "WrongType", "posting_datetime"),
    "unknown choice": (changed("stock_entry", purpose="theft"), "UnknownChoice", "purpose"),
    "line number zero": (note(line=',"return_of":0'), "OutOfRange", "lines[0].return_of"),
    "NaN": (note("NaN"), "NotANumber", "lines[0].qty"),
    "Infinity": (note("1", ',"rate":-Infinity'), "NotANumber", "lines[0].rate"),
    "NaN as text": (note('"NaN"'), "NotANumber", "lines[0].qty"),
    "infinity as text": (note('"inf"'), "NotANumber", "lines[0].qty"),
    "a word": (note('"five"'), "NotANumber", "lines[0].qty"),
    "empty number": (note('""'), "NotANumber", "lines[0].qty"),
    "underscores": (note('"1_000"'), "NotANumber", "lines[0].qty"),
    "foreign digits": (note('"٥"'), "NotANumber", "lines[0].qty"),
    "thousands": (note('"1,000"'), "NotANumber", "lines[0].qty"),
    "blanks around": (note('" 1 "'), "NotANumber", "lines[0].qty"),
    "too many decimals": (note("0.1234567"), "TooManyDecimals", "lines[0].qty"),
    "too many decimals of a rate": (note("1", ',"rate":"0.1234567891"'), "TooManyDecimals", "lines[0].rate"),
    "exponent beyond the scale": (note("1e-7"), "TooManyDecimals", "lines[0].qty"),
    "too large a number": (note("1e12"), "NumberTooLarge", "lines[0].qty"),
    "exponent beyond reason": (note("1e400"), "NumberTooLarge", "lines[0].qty"),
    "5000 digits": (note("1" * 5000), "NumberTooLarge", "lines[0].qty"),
    "5000 digits as text": (note('"' + "1" * 5000 + '"'), "NumberTooLarge", "lines[0].qty"),
    "no time": (changed("delivery_note", posting_datetime="soon"), "BadTime", "posting_datetime"),
    "no such day": (changed("delivery_note", posting_datetime="2023-02-29"), "BadTime", "posting_datetime"),
    "time before time": (changed("delivery_note", posting_datetime="0001-01-01"), "BadTime", "posting_datetime"),
    "other schema": (changed("delivery_note", schema=2), "SchemaVersion", "schema"),
    "document of everybody": (changed("delivery_note", company="*"), "SharedCompany", "company"),
    "no lines": (changed("delivery_note", lines=None), "EmptyDocument", "lines"),
    "empty lines": (changed("delivery_note", lines=[]), "EmptyDocument", "lines"),
    "empty count": (changed("stock_reconciliation", lines=[]), "EmptyDocument", "lines"),
    "empty journal": (changed("journal_entry", lines=[]), "EmptyDocument", "lines"),
    "empty movement": (changed("stock_entry", lines=[]), "EmptyDocument", "lines"),
    "no charges": (changed("landed_cost_voucher", charges=[]), "EmptyDocument", "charges"),
    "no receipts": (changed("landed_cost_voucher", receipts=[]), "EmptyDocument", "receipts"),
    "empty bundle": (changed("item", bundle={}), "EmptyDocument", "bundle"),
    "same key twice": (note(header=',"number":"DN-2"'), "DuplicateField", "number"),
    "same key twice, once escaped": (note(header=r',"n\u0075mber":"DN-2"'), "DuplicateField", "number"),
    "same key twice beside an escaped colon": (note(header=r',"number":"DN\u003a"'), "DuplicateField", "number"),
    "same key twice in a line": (note(line=',"qty":6'), "DuplicateField", "qty"),
    "empty name": (changed("delivery_note", customer=""), "EmptyText", "customer"),
    "blank name": (changed("delivery_note", customer="   "), "EmptyText", "customer"),
    "blank name beyond ascii": (changed("delivery_note", customer="\u3000"), "EmptyText", "customer"),
    "long name": (changed("delivery_note", customer="x" * 141), "TextTooLong", "customer"),
    "long remarks": (changed("delivery_note", remarks="x" * 501), "TextTooLong", "remarks"),
    "NUL": (changed("delivery_note", remarks="a\0b"), "ControlCharacter", "remarks"),
    "line break in a name": (changed("delivery_note", customer="a\nb"), "ControlCharacter", "customer"),
    "DEL": (note(header=',"customer":"a\x7f"'), "ControlCharacter", "customer"),
    "NUL in a dimension's name": (changed("delivery_note", dimensions={"a\0": "b"}), "ControlCharacter", "dimensions"),
    "no quantity": (note("0"), "ZeroQuantity", "lines[0].qty"),
    "negative sale": (note("-1"), "NegativeQuantity", "lines[0].qty"),
    "positive return": (note("1", header=',"is_return":true'), "PositiveReturn", "lines[0].qty"),
    "negative movement": (in_line("stock_entry", qty="-1"), "NegativeQuantity", "lines[0].qty"),
    "negative count": (in_line("stock_reconciliation", qty="-1"), "NegativeQuantity", "lines[0].qty"),
    "negative rejection": (in_line("purchase_receipt", rejected_qty=-1), "NegativeQuantity", "lines[0].rejected_qty"),
    "negative rate": (note("1", ',"rate":-1'), "NegativeRate", "lines[0].rate"),
    "no exchange rate": (changed("purchase_receipt", exchange_rate=0), "NotPositive", "exchange_rate"),
    "no conversion": (in_line("delivery_note", conversion_factor="0"), "NotPositive", "lines[0].conversion_factor"),
    "currency in small letters": (changed("sales_invoice", currency="eur"), "BadCurrency", "currency"),
    "serial twice": (in_line("delivery_note", serials=["a", "b", "a"]), "DuplicateSerial", "lines[0].serials"),
    "to itself": (in_line("stock_entry", to="Stores"), "SameWarehouse", "lines[0].to"),
    "negative debit": (in_line("journal_entry", debit=-1), "NegativeAmount", "lines[0].debit"),
    "both sides": (in_line("journal_entry", credit=1), "OneSidedLine", "lines[0]"),
    "neither side": (in_line("journal_entry", debit=None), "OneSidedLine", "lines[0]"),
    "company without currency": (changed("company", currency=None), "MissingField", "currency"),
    "company with a word for a currency": (changed("company", currency="Euro"), "BadCurrency", "currency"),
    "company in no zone": (changed("company", time_zone="Europe/Atlantis"), "BadTimeZone", "time_zone"),
    "company outside the zone files": (changed("company", time_zone="../../etc/passwd"), "BadTimeZone", "time_zone"),
    "five decimals": (changed("company", currency_precision=5), "OutOfRange", "currency_precision"),
    "no fiscal year": (changed("company", fiscal_year_start="13-01"), "BadTime", "fiscal_year_start"),
    "no repost window": (changed("company", repost="at night"), "BadTime", "repost"),
    "bundle of itself": (changed("item", bundle={"RM0001": 1}), "BundleHoldsItself", "bundle.RM0001"),
    "bundle of nothing": (changed("item", bundle={"RM0002": 0}), "NotPositive", "bundle.RM0002"),
    "unit of nothing": (changed("item", uoms={"Box": 0}), "NotPositive", "uoms.Box"),
    "till opens at 25": (changed("pos_profile", opens_at="25:00"), "BadTime", "opens_at"),
    "period backwards": (changed("accounting_period", end="2023-12-31"), "BadTime", "end"),
    "no mail address": (changed("recipient", email="books"), "BadMailAddress", "email"),
    "two mail addresses": (changed("recipient", email="a@example.org,b@example.org"), "BadMailAddress", "email"),
    "no locale": (changed("recipient", locale="Klingon"), "UnknownLocale", "locale"),
    "night at 25": (changed("company", night_begins="25:00"), "BadTime", "night_begins"),
    "night of no length": (changed("company", night_ends="01:00"), "BadTime", "night_ends"),
}


@pytest.mark.parametrize(("raw", "code", "field"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_message_is_refused_by_name(raw: bytes, code: str, field: str) -> None:
    with pytest.raises(DocumentRejected) as caught:
        decode(raw)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message.startswith(field)
    assert caught.value.message.endswith(".")
    json.dumps(caught.value.as_outcome())


def test_refusal_lists_what_the_contract_has() -> None:
    with pytest.raises(DocumentRejected, match=r"lines\[0\]\.price: .* item, qty, rate"):
        decode(note(line=',"price":1'))
    with pytest.raises(DocumentRejected, match="manufacture, material_issue"):
        decode(changed("stock_entry", purpose="theft"))
    with pytest.raises(DocumentRejected, match="purchase_receipt"):
        decode(b'{"type":"receipt"}')


@pytest.mark.parametrize("kind", EXAMPLES)
def test_example_is_read_and_written_without_change(kind: str) -> None:
    raw = json.dumps(EXAMPLES[kind]).encode()
    message = decode(raw)
    assert decode(encode(message)) == message
    assert canonical(encode(message)) == canonical(raw)
    assert read_key(raw) == key_of(message)


@pytest.mark.parametrize("qty", ["0.1", '"0.1"', "1e-1", "0.100000", '"+.1"'])
def test_one_tenth_is_one_tenth(qty: str) -> None:
    message = decode(note(qty, ',"rate":0.1'))
    assert isinstance(message, DeliveryNote)
    assert message.lines[0].qty == Quantity(100_000)
    assert message.lines[0].rate == Rate(100_000_000)


def test_a_receipt_may_be_rejected_as_a_whole() -> None:
    message = decode(in_line("purchase_receipt", qty="0", rejected_qty="3", amount=None))
    assert isinstance(message, PurchaseReceipt)
    assert message.lines[0].rejected_qty == 3_000_000


def test_line_breaks_are_fine_in_remarks() -> None:
    assert isinstance(decode(changed("delivery_note", remarks="first\nsecond: Größe L")), DeliveryNote)


def test_type_may_come_last() -> None:
    company = decode(b'{"currency":"EUR","name":"Shop","type":"company"}')
    assert isinstance(company, Company)
    assert key_of(company) == Key("*", "company", "Shop")


def test_key_of_a_wrong_message_is_still_read() -> None:
    assert read_key(note("NaN")) == Key("Shop", "delivery_note", "DN-1")
    assert read_key(changed("delivery_note", type="delivery", lines=5)) == Key("Corner Shop", "delivery", "DN-1")
    assert read_key(b'{"type":"item","code":"A","colour":1}') == Key("*", "item", "A")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        note()[:-1],
        b"[" * 100_000,
        changed("delivery_note", number=5),
        changed("delivery_note", number="a\0"),
        changed("delivery_note", company=None),
        changed("delivery_note", number="x" * 141),
    ],
)
def test_unreadable_key_is_none(raw: bytes) -> None:
    assert read_key(raw) is None


@pytest.mark.parametrize(
    "other",
    [
        note("5.0"),
        note('"5"'),
        note("5", header=',"schema":1'),
        note("5", header=',"remarks":null,"taxes":[]'),
        json.dumps(dict(reversed(json.loads(note()).items())), indent=2).encode(),
    ],
)
def test_same_content_has_one_canonical_form(other: bytes) -> None:
    assert content_hash(other) != content_hash(note())
    assert canonical(other) == canonical(note())


def test_same_instant_in_two_offsets_is_the_same_content() -> None:
    berlin = changed("delivery_note", posting_datetime="2024-06-15T11:00:00+02:00")
    assert canonical(berlin) == canonical(changed("delivery_note", posting_datetime="2024-06-15T09:00:00Z"))
    assert canonical(berlin) != canonical(changed("delivery_note", posting_datetime="2024-06-15T09:00:00"))


@pytest.mark.parametrize("other", [note("6"), note(line=',"rate":1'), note(header=',"remarks":"x"'), b"[1]", b"\xff"])
def test_other_content_has_another_canonical_form(other: bytes) -> None:
    assert canonical(other) != canonical(note())


def test_wrong_messages_compare_as_json() -> None:
    assert canonical(b'{"type": "x", "qty": 1}') == canonical(b'{"qty":"1","type":"x"}')
    assert canonical(b'{"qty":[[]]}') != canonical(b'{"qty":[]}')


def test_every_line_of_the_retail_sample_is_read() -> None:
    totals = json.loads((DATA / "retail_sample_totals.json").read_text())["totals"]
    messages = [decode(line) for line in (DATA / "retail_sample.ndjson").read_bytes().splitlines()]
    kinds = [key_of(message).type for message in messages]
    assert kinds.count("pos_invoice") == totals["pos_invoices"]
    assert kinds.count("purchase_receipt") == totals["purchase_receipts"]
    assert all(decode(encode(message)) == message for message in messages)
