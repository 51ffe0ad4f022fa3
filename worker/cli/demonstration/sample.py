"""The sample of a real shop's documents, as the demo publishes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from worker.cli.failure import CommandFailedError

Json = dict[str, Any]

_DATA: Final = Path(__file__).resolve().parents[3] / "tests" / "data"
# Until closings consolidate the sales of a till, each sale is an invoice that moves the stock itself.
_LEFT_OUT: Final = frozenset({"pos_profile", "pos_closing"})


@dataclass(frozen=True, slots=True)
class Sample:
    """Masters and documents in the order of publishing; `store_of` names the store of each sale, `totals` what must come out."""

    company: str
    masters: list[Json]
    documents: list[Json]
    store_of: dict[str, str]
    stores: dict[str, Json]


def load() -> Sample:
    """Read the sample of the checkout. Errors: CommandFailedError where it is not there."""
    try:
        lines = (_DATA / "retail_sample.ndjson").read_text(encoding="utf-8").splitlines()
        totals = json.loads((_DATA / "retail_sample_totals.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CommandFailedError(f"the demo plays on the checkout's sample, and {error.filename} is missing") from error
    records: list[Json] = [json.loads(line) for line in lines]
    profiles = {record["name"]: record for record in records if record["type"] == "pos_profile"}
    sales = [record for record in records if record["type"] == "pos_invoice"]
    kept = [record for record in records if record["type"] not in _LEFT_OUT]
    return Sample(
        company=next(record["name"] for record in records if record["type"] == "company"),
        masters=[record for record in kept if "number" not in record],
        documents=list(_documents(kept, profiles)),
        store_of={sale["number"]: sale["pos_profile"] for sale in sales},
        stores=totals["stores"],
    )


def _documents(records: list[Json], profiles: dict[str, Json]) -> Iterator[Json]:
    for record in records:
        if record["type"] == "pos_invoice":
            yield _as_invoice(record, profiles[record["pos_profile"]])
        elif "number" in record:
            yield record


def _as_invoice(sale: Json, profile: Json) -> Json:
    lines = [{"warehouse": profile["warehouse"], **line} for line in sale["lines"]]
    invoice = {name: value for name, value in sale.items() if name not in {"pos_profile", "user"}}
    return {**invoice, "type": "sales_invoice", "update_stock": True, "is_pos": True, "lines": lines}
