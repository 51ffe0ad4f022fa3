"""The project's pages: what they point at is there, and the settings, tests and commands that they and the messages name exist."""

import re
from pathlib import Path

import pytest

from tests.architecture.test_tidy import ROOMS, ROOT, tracked
from tests.support.commands import options_of_commands
from worker.messages import decode

DEPLOY = ROOT / "deploy"
PAGES = sorted(path for path in tracked() if path.suffix == ".md")
# Where a page or a message says what to type: at the head of a line or of a quotation, or behind what runs it in a container.
TYPED = re.compile(r"(?:^\s*(?:\$ )?|`|-- |: |, )(?:\.venv/bin/)?perpetua ([a-z][^`\n#]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_settings_and_tests_that_are_named_exist() -> None:
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in [*DEPLOY.rglob("*"), *PAGES]
        if file.suffix in {".md", ".yaml", ".example", ""} and file.is_file()
    )
    settings = (ROOT / "worker" / "settings.py").read_text(encoding="utf-8")
    named = {name.removesuffix("_FILE") for name in re.findall(r"PERPETUA_[A-Z_]+", text)}
    of_no_setting = {"PERPETUA_", "PERPETUA_DEBUG", "PERPETUA_REQUIRE_TOOLS"}
    assert {name for name in named - of_no_setting if f'"{name}"' not in settings} == set()
    for path in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_what_the_readme_publishes_is_what_the_contract_takes() -> None:
    story = (ROOT / "README.md").read_text(encoding="utf-8").partition("\npublish() {")[2].partition("```")[0]
    told = [decode(document.encode()) for document in re.findall(r"^publish '(.*?)'$", story, re.MULTILINE | re.DOTALL)]
    assert [type(one).__name__ for one in told] == ["Company", "Warehouse", "Item", "Supplier", "PurchaseReceipt"]


def test_commands_and_options_that_pages_tell_to_type_exist() -> None:
    known = options_of_commands()
    told = [line.strip() for page in PAGES for line in TYPED.findall(page.read_text(encoding="utf-8"))]
    assert len(told) > 50
    assert [line for line in told if not is_a_call(line, known)] == []


def test_commands_that_messages_and_the_desk_tell_to_type_exist() -> None:
    groups: dict[str, set[str]] = {}
    for group, command, *_ in (path for path in options_of_commands() if len(path) > 1):
        groups.setdefault(group, set()).add(command)
    told = {
        (group, command)
        for room in ROOMS
        for file in sorted((ROOT / room).rglob("*"))
        if file.suffix in {".py", ".html", ".txt"}
        for group, command in re.findall(r"(?<!b\")\bperpetua ([a-z]+) ([a-z]+)\b", file.read_text(encoding="utf-8"))
        if group in groups
    }
    assert len(told) > 10
    assert {(group, command) for group, command in told if command not in groups[group]} == set()


def is_a_call(line: str, known: dict[tuple[str, ...], set[str]]) -> bool:
    """Whether what is to be typed names commands of which each exists, and options that one of them has."""
    words = line.split()
    path: tuple[str, ...] = ()
    while words and any(one[: len(path) + 1] == (*path, words[0].rstrip(",:.;")) for one in known):
        path = (*path, words.pop(0).rstrip(",:.;"))
    siblings = {one[-1]: options for one, options in known.items() if one[:-1] == path[:-1]}
    # `plan | rehearse` names one command or another of the same group.
    others = re.findall(r"\| ([a-z]+)", line) if path[:-1] else []
    options = known.get(path, set()).union(*(siblings.get(other, set()) for other in others))
    return path in known and siblings.keys() >= {*others} and {*re.findall(r"(?<!\S)--[a-z-]+", line)} <= options
