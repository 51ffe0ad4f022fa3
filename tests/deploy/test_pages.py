"""The pages of `deploy`: what they point at is there, and the settings that they name are settings."""

import re
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGES = sorted(DEPLOY.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DEPLOY)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_settings_and_tests_that_are_named_exist() -> None:
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in DEPLOY.rglob("*")
        if file.suffix in {".md", ".yaml", ".example", ""} and file.is_file()
    )
    settings = (DEPLOY.parent / "worker" / "settings.py").read_text(encoding="utf-8")
    named = {name.removesuffix("_FILE") for name in re.findall(r"PERPETUA_[A-Z_]+", text)}
    assert {name for name in named if f'"{name}"' not in settings} == set()
    for path in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (DEPLOY.parent / path).exists(), path
