"""What a scenario expects, held against the books that a replay gives: every difference in one readable line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

HALF_A_CENT = Decimal("0.0051")
HALF_A_MICRO = Decimal("0.0000005")
_PARTS = ("stock_ledger", "general_ledger", "bins", "documents")
_POSTED = {"posted", "cancelled", "open", "consolidated"}
# Row by row, what is expected of a part: its key, and the fields whose figures count.
_FIELDS = {
    "bins": ("actual_qty", "stock_value", "layers", "reserved_for_pos"),
    "documents": (
        "net_total", "grand_total", "rounded_total", "rounding_adjustment", "paid_amount", "change_amount", "outstanding",
        "write_off_amount", "line_amounts", "line_rates", "line_cost_rates", "line_additional_cost", "line_landed_cost",
        "line_valuation_rate", "consolidated_into",
    ),
}  # fmt: skip


def cuts(case: Json) -> list[str | None]:
    """The whole case (None), and every document up to which a row wants the case to be told."""
    named = {row.get("after") for part in _PARTS for row in _rows(case, part)}
    known = {document.get("number") for document in case["documents"]}
    return [None, *sorted(str(cut) for cut in named if cut is not None and cut in known)]


def cut_off(case: Json, cut: str | None) -> Json:
    """The case told up to and with one document."""
    told = case["documents"]
    if cut is not None:
        told = told[: [document.get("number") for document in told].index(cut) + 1]
    return {**case, "id": f"{case['id']}@{cut or 'end'}", "documents": told}


def differences(case: Json, cut: str | None, books: Json) -> Iterator[str]:
    """Everything that is expected as of the cut and is not so in the books."""
    names = _generated(books)
    yield from _documents(case, cut, books)
    yield from _stock(case, cut, books, names)
    yield from _accounts(case, cut, books, names)
    for part in _FIELDS:
        yield from _fields(case, cut, books, part, names)


def _rows(case: Json, part: str) -> list[Json]:
    return [row for row in case["expect"].get(part, []) if isinstance(row, dict)]


def _generated(books: Json) -> dict[str, str]:
    names: dict[str, str] = {}
    for document in books["documents"]:
        if "generated_by" in document:
            kind = "credit note" if document.get("is_return") else "consolidated"
            names.setdefault(f"<{kind} {document['customer']}>", document["number"])
            names[f"<{kind} {document['customer']}@{document['generated_by']}>"] = document["number"]
    return names


def _documents(case: Json, cut: str | None, books: Json) -> Iterator[str]:
    found = {document["number"]: document for document in books["documents"]}
    rows = {row["voucher"] for part in ("stock_ledger", "general_ledger") for row in books[part]}
    for document in cut_off(case, cut)["documents"]:
        number = document["number"]
        status = found.get(number, {}).get("status")
        if "expect_error" in document:
            if status not in {"rejected", "parked"}:
                yield f"{number} is {status}, it should be refused ({document['expect_error']})"
            if number in rows:
                yield f"{number} should be refused and leave no trace, but it has rows"
        elif not document.get("compute_only") and status not in _POSTED:
            yield f"{number} is {status}: {found.get(number, {}).get('error')}"


def _stock(case: Json, cut: str | None, books: Json, names: dict[str, str]) -> Iterator[str]:
    wanted: dict[tuple[Any, ...], list[Json]] = defaultdict(list)
    for row in _rows(case, "stock_ledger"):
        if row.get("after") == cut:
            wanted[names.get(row["voucher"], row["voucher"]), row["item"], row["warehouse"], row.get("batch")].append(
                row
            )
    for key, expected in wanted.items():
        have = [
            row
            for row in books["stock_ledger"]
            if (row["voucher"], row["item"], row["warehouse"]) == key[:3] and key[3] in {None, row["batch"]}
        ]
        if not have:
            yield f"stock ledger {key}: no row"
        for field, allowed in (("qty", HALF_A_MICRO), ("stock_value_difference", _allowed(expected))):
            if have and all(row.get(field) is not None for row in expected):
                want = sum((number(row[field]) for row in expected), Decimal(0))
                got = sum((number(row[field]) for row in have), Decimal(0))
                if abs(want - got) > allowed:
                    yield f"stock ledger {key} {field}: expected {want}, got {got}"
        if len(have) == len(expected) == 1:
            for field, allowed in (("qty_after", HALF_A_MICRO), ("stock_value", _allowed(expected) * 2)):
                if not same(expected[0].get(field), have[0][field], allowed):
                    yield f"stock ledger {key} {field}: expected {expected[0][field]}, got {have[0][field]}"


def _allowed(rows: list[Json]) -> Decimal:
    return max([HALF_A_CENT, *(number(row["tolerance"]) for row in rows if row.get("tolerance"))]) * len(rows)


def _accounts(case: Json, cut: str | None, books: Json, names: dict[str, str]) -> Iterator[str]:
    have: dict[tuple[Any, str], Decimal] = defaultdict(Decimal)
    for row in books["general_ledger"]:
        have[row["voucher"], row["account"]] += number(row["debit"]) - number(row["credit"])
    wanted: dict[tuple[Any, str], Decimal] = defaultdict(Decimal)
    for row in _rows(case, "general_ledger"):
        if row.get("after") == cut:
            net = number(row["net"]) if "net" in row else number(row.get("debit") or 0) - number(row.get("credit") or 0)
            wanted[names.get(row["voucher"], row["voucher"]), row["account"]] += net
    # An account in angle brackets stands for all the others of its voucher.
    others = {key for key in wanted if key[1].startswith("<")}
    for (voucher, account), want in wanted.items():
        got = have[voucher, account]
        if (voucher, account) in others:
            got = sum((net for key, net in list(have.items()) if key[0] == voucher and key not in wanted), Decimal(0))
        if abs(want - got) > HALF_A_CENT:
            yield f"general ledger {voucher}, {account}: expected {want}, got {got}"
    complete = case["expect"].get("gl_complete", []) if cut is None else []
    for voucher in (names.get(stated, stated) for stated in complete):
        if any(key[0] == voucher for key in others):
            continue
        for key, net in list(have.items()):
            if key[0] == voucher and key not in wanted and net:
                yield f"general ledger {voucher}: {key[1]} has {net}, and nothing was expected there"


def _fields(case: Json, cut: str | None, books: Json, part: str, names: dict[str, str]) -> Iterator[str]:
    key = ("item", "warehouse") if part == "bins" else ("number",)
    found = {tuple(row[name] for name in key): row for row in books[part]}
    for row in _rows(case, part):
        if row.get("after") != cut:
            continue
        place = tuple(names.get(row[name], row[name]) for name in key)
        for field in _FIELDS[part]:
            want = names.get(row[field], row[field]) if isinstance(row.get(field), str) else row.get(field)
            got = found.get(place, {}).get(field)
            if not (same(want, got, HALF_A_CENT * 3) or (want == 0 and place not in found)):
                yield f"{part} {place} {field}: expected {want}, got {got}"


def number(value: Any) -> Decimal:
    """Any figure as an exact decimal."""
    return Decimal(str(value))


def same(want: Any, got: Any, allowed: Decimal) -> bool:
    """Whether a figure, a list or an object of figures is as expected; what is not expected may be anything."""
    if want is None:
        return True
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(same, want, got, [allowed] * len(want)))
    if isinstance(want, dict):
        return isinstance(got, dict) and all(same(one, got.get(name), allowed) for name, one in want.items())
    if isinstance(want, (int, float)) and not isinstance(want, bool):
        return got is not None and abs(number(want) - number(got)) <= allowed
    return bool(want == got)
