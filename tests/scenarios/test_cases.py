"""Every case of the field's own system, replayed through the real service and compared row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support.expectations import cut_off, cuts, differences
from worker import telemetry
from worker.cli.output import to_json
from worker.embedded import Endpoints
from worker.services.replay import replay_files

HERE = Path(__file__).parent
CASES = sorted([*(HERE / "cases").glob("*.json"), HERE / "manual.json"])
WAITING: dict[str, str] = json.loads((HERE / "waiting.json").read_text(encoding="utf-8"))
MEANT: dict[str, str] = json.loads((HERE.parent / "deliberate_differences.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Logs as the command has them: what a waiting case provokes is no news."""
    before = structlog.get_config()
    telemetry.configure("critical")
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def books(cluster: Endpoints, tmp_path_factory: pytest.TempPathFactory, quiet: None) -> dict[str, dict[str, Any]]:
    """The books of every case, told to its end and up to each document that a row names, by id."""
    folder = tmp_path_factory.mktemp("cases")
    files = []
    for path in CASES:
        case = json.loads(path.read_text(encoding="utf-8"))
        for place, cut in enumerate(cuts(case)):
            files.append(folder / f"{path.stem}-{place}.json")
            files[-1].write_text(json.dumps(cut_off(case, cut)), encoding="utf-8")
    told = replay_files(files, cluster.home, complain=pytest.fail)
    # As a reader gets them: through JSON, numbers exact.
    shown = [json.loads(to_json(result), parse_float=Decimal) for result in told]
    return {result["id"]: result for result in shown if not isinstance(result, str)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_books_are_as_the_case_expects(path: Path, books: dict[str, dict[str, Any]]) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    found = [difference for cut in cuts(case) for difference in differences(case, cut, books[cut_off(case, cut)["id"]])]
    if case["id"] in WAITING:
        assert found, f"{case['id']} passes: take it off waiting.json"
    elif case["id"] in MEANT:
        assert found, f"{case['id']} does not differ: take it off deliberate_differences.json"
    else:
        assert not found, "\n".join(found)


def test_the_lists_name_cases_that_exist() -> None:
    known = {json.loads(path.read_text(encoding="utf-8"))["id"] for path in CASES}
    assert set(WAITING) <= known
    assert not set(WAITING) & set(MEANT)
