"""Every code that the sources raise is in the catalogue, in the family of the error that carries it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.error_catalogue import CATALOGUE, Family
from domain.error_catalogue.accounts import ACCOUNTS
from domain.error_catalogue.entry import Entry
from domain.error_catalogue.messages import MESSAGES
from domain.error_catalogue.operators import OPERATORS
from domain.error_catalogue.stock import STOCK
from domain.error_catalogue.system import SYSTEM
from domain.error_catalogue.tills import TILLS
from domain.error_catalogue.trade import TRADE

ROOT = Path(__file__).parents[2]
FAMILIES = {
    "DocumentRejected": Family.REJECTED,
    "NumberRefused": Family.REJECTED,
    "DocumentParked": Family.PARKED,
    "Unavailable": Family.UNAVAILABLE,
    "InvariantBroken": Family.BROKEN,
}
RAISING = re.compile(r"_?(refus|reject)")


def raised(source: str) -> Iterator[tuple[str, Family]]:
    """Codes given to errors, or to functions that make them, anywhere in a source."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        family = FAMILIES.get(name) or (Family.REJECTED if RAISING.match(name) else None)
        first = node.args[0]
        if family and isinstance(first, ast.Constant) and re.fullmatch(r"[A-Z]\w+", str(first.value)):
            yield str(first.value), family


def test_every_raised_code_is_catalogued() -> None:
    missing = {
        f"{code} ({family.value}) in {path.relative_to(ROOT)}"
        for room in ("domain", "worker", "scheduler")
        for path in (ROOT / room).rglob("*.py")
        for code, family in raised(path.read_text())
        if code not in CATALOGUE or CATALOGUE[code].family is not family
    }
    assert not missing, f"add to domain/error_catalogue: {', '.join(sorted(missing))}"


def test_the_scan_sees_codes() -> None:
    source = 'raise DocumentRejected("Nonsense", "x")\nraise _refused("Folly", "y", "z")\nraise DocumentParked("Wait", "x", ())'
    assert list(raised(source)) == [("Nonsense", Family.REJECTED), ("Folly", Family.REJECTED), ("Wait", Family.PARKED)]


def test_every_entry_says_what_and_what_to_do() -> None:
    for code, entry in CATALOGUE.items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", code)
        assert entry.meaning.endswith(".")
        assert entry.remedy.endswith(".")


def said(source: str) -> set[str]:
    """Every text that stands in a source by itself."""
    return {str(node.value) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def test_no_entry_is_there_for_an_error_that_nothing_raises() -> None:
    spoken: set[str] = set()
    for room in ("domain", "worker", "scheduler"):
        for path in (ROOT / room).rglob("*.py"):
            if "error_catalogue" not in path.parts:
                spoken |= said(path.read_text())
    idle = sorted(CATALOGUE.keys() - spoken)
    assert not idle, "nothing raises these: take them out, or build what they are for"


@pytest.fixture(scope="module")
def expected() -> set[str]:
    """Everything that stands in a test by itself, and the errors of scenarios."""
    expected: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            expected |= said(path.read_text())
    for path in (ROOT / "tests" / "scenarios").rglob("*.json"):
        expected |= set(re.findall(r'"expect_error": "(\w+)"', path.read_text()))
    return expected


@pytest.mark.parametrize("section", [MESSAGES, STOCK, TRADE, ACCOUNTS, TILLS, OPERATORS, SYSTEM])
def test_every_error_of_documents_servers_and_operators_is_expected_by_a_test(
    expected: set[str], section: dict[str, Entry]
) -> None:
    unmet = sorted(section.keys() - expected)
    assert not unmet, "no test expects these: provoke each by a document that meets it"
