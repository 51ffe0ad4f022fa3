"""The sample of a real shop's documents, as the demo publishes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from worker.cli.failure import CommandFailedError

Json = dict[str, Any]

_DATA: Final = Path(__file__).resolve().parents[3] / "tests" / "data"


@dataclass(frozen=True, slots=True)
class Sample:
    """Masters and documents in the order of publishing; `store_of` names the store of each closing, `stores` what must come out."""

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
        raise CommandFailedError(
            f"the demo plays a sample of the source tree, and {error.filename} is missing: run make demo in a checkout"
        ) from error
    records: list[Json] = [json.loads(line) for line in lines]
    return Sample(
        company=next(record["name"] for record in records if record["type"] == "company"),
        masters=[record for record in records if "number" not in record],
        documents=[record for record in records if "number" in record],
        store_of={record["number"]: record["pos_profile"] for record in records if record["type"] == "pos_closing"},
        stores=totals["stores"],
    )
