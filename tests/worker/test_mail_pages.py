"""What a mail looks like: its words, its figures by the reader's locale, and documents that can't write on it."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime

import msgspec
import pytest
from PIL import Image

from tests.support.mails import DAY, eventful, quiet
from worker.mail.content import AlertMail, DigestLine, DigestMail, FaultLine, LateLine, NightMail, as_text, from_text
from worker.mail.trend import HEIGHT, WIDTH
from worker.services.notices.rendering import render

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)>\r\nBcc: thief@example.org\u202e=HYPERLINK("x")'


def test_a_bad_night_says_its_verdict_its_causes_and_what_mends_it() -> None:
    rendered = render(eventful(), "en")
    assert rendered.page.subject == "Corner Shop: OUT OF SYNC by 1,250.01 EUR on 2 accounts, Mar 14, 2026"
    for text in (
        "483,387.50", "-1,250.00", "JE-2026-0117", "perpetua reconcile accept 7 --company", "DN-2026-0940", "1,284", "Cash short 12.50",
        "699 consolidated + 1 quarantined + 3 open", "9f2c41d07a", "S-88213", "They differed on 4 of 26 nights",
        "12,040.00", "PR-2025-4711", "131", "The account says 1,250.00\N{NO-BREAK SPACE}EUR more than the stock is worth.",
        "The stock is worth 0.01\N{NO-BREAK SPACE}EUR more than the account says.", "press Create Journal Entry on the desk",
    ):  # fmt: skip
        assert text in rendered.page.text, text
        assert text in rendered.page.html, text
    causes = [cause.amount for account in eventful().accounts for cause in account.causes]
    assert sum(causes) == sum(account.difference for account in eventful().accounts)


@pytest.mark.parametrize(
    ("locale", "figure", "day"),
    [
        ("de_DE", "483.387,50", "14.03.2026"),
        ("en_IN", "4,83,387.50", "14 Mar 2026"),
        ("fr-FR", "483\u202f387,50", "14 mars 2026"),
    ],
)
def test_figures_and_dates_are_the_readers(locale: str, figure: str, day: str) -> None:
    page = render(eventful(), locale).page
    assert figure in page.html
    assert day in page.subject


def test_a_quiet_night_is_one_line_and_nothing_beside() -> None:
    rendered = render(quiet(), "en")
    assert rendered.page.text.splitlines() == [
        "Corner Shop is in sync: stock and stock accounts agree to the cent, night of Mar 14, 2026."
    ]
    assert (rendered.picture, rendered.workbook) == (None, None)
    assert rendered.page.subject == "Corner Shop: in sync, Mar 14, 2026"


def test_what_is_tolerated_or_not_kept_is_quiet_too() -> None:
    account = msgspec.structs.replace(quiet().accounts[0], balance=1_234_498)
    tolerated = msgspec.structs.replace(quiet(), accounts=[account])
    assert render(tolerated, "en").page.text.startswith(
        "Corner Shop is in sync: stock and stock accounts differ by 0.02\N{NO-BREAK SPACE}EUR, which is tolerated, night"
    )
    without = msgspec.structs.replace(quiet(), verdict="not_kept", accounts=[])
    assert render(without, "en").page.text.startswith("Corner Shop keeps no perpetual inventory")


def test_agreement_is_not_green_where_work_was_left_undone() -> None:
    undone = msgspec.structs.replace(quiet(), failures=[FaultLine(name="the reposts", message="disk full")])
    page = render(undone, "en").page
    assert page.subject == "Corner Shop: in sync, but not all of the night's work was done, Mar 14, 2026"
    assert "The reposts could not be done: disk full" in page.text
    assert "background:#1a7f4b" not in page.html


@pytest.mark.parametrize(
    "changed",
    [
        {"blocked_count": 1}, {"quarantined": eventful().quarantined}, {"closings": eventful().closings}, {"runs": eventful().runs},
        {"failures": [*eventful().findings]}, {"ended_at": datetime(2026, 3, 15, 9, tzinfo=UTC)}, {"proposals": eventful().proposals},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_a_night_in_sync_tells_the_rest_all_the_same(changed: dict[str, object]) -> None:
    night = msgspec.structs.replace(quiet(), **changed)
    assert night.is_quiet is (not any(changed.values()))
    assert (render(night, "en").workbook is None) is night.is_quiet


def test_markup_in_documents_is_inert_everywhere() -> None:
    """Every text of the mail is hostile; the page has no element more than that of a harmless one, and the subject is one line."""
    harmless, hostile = render(_written_over("harmless"), "en").page, render(_written_over(HOSTILE), "en").page
    assert _elements(hostile.html) == _elements(harmless.html)
    assert "<script" not in hostile.html
    assert "\u202e" not in hostile.html + hostile.text + hostile.subject
    assert len(hostile.subject.splitlines()) == 1
    assert not any(line.startswith("Bcc") for line in hostile.text.splitlines())


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = render(eventful(), "en").page.html
    assert re.findall(r"(?:src|href|url\()\s*=?\s*[\"']?([^\"' )>]+)", html) == ["cid:trend@perpetua"]
    assert not re.search(r"<(?:link|script|style|form|iframe)", html)


def test_the_workbook_holds_every_row_and_no_formula() -> None:
    name, raw = render(_written_over("=1+1"), "en").workbook or ("", b"")
    assert name == "1-1-2026-03-14.xlsx"
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        pages = {one: book.read(one).decode() for one in book.namelist() if one.startswith("xl/worksheets/")}
        titles = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert titles == [
        "Accounts", "Causes", "Proposals", "Waiting documents", "Reposts", "Changed by month", "Closings", "Set aside",
        "Received not billed", "Thirty nights",
    ]  # fmt: skip
    assert "<f>" not in "".join(pages.values())
    assert "<v>482137.50</v>" in pages["xl/worksheets/sheet1.xml"]
    assert sum(page.count("<row ") for page in pages.values()) == len(titles) + 3 + 3 + 4 + 2 + 1 + 4 + 3 + 1 + 2 + 26


def test_the_picture_is_one_and_small() -> None:
    raw = render(eventful(), "hi_IN").picture or b""
    with Image.open(io.BytesIO(raw)) as picture:
        assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
        colours = {colour for _, colour in picture.convert("RGB").getcolors(4096) or []}
    assert {(0xB3, 0x26, 0x1E), (0x1A, 0x7F, 0x4B)} <= colours
    assert len(raw) < 20_000


def test_an_alert_and_a_digest_say_what_is_wrong_first() -> None:
    late = LateLine(
        business_date=DAY, job="reposts", due_at=quiet().ended_at, deadline_at=quiet().deadline_at, failed="disk full"
    )
    alert = render(
        AlertMail(company="Corner Shop", business_date=DAY, time_zone="Europe/Berlin", nights=[late]), "en"
    ).page
    assert alert.subject == "Corner Shop: the night of Mar 14, 2026 is NOT OVER"
    assert "stands at reposts, not begun; disk full; should have been over Mar 15, 2026, 6:00" in alert.text
    lines = [
        DigestLine(
            company="Shop", verdict="out_of_sync", currency="JPY", precision=0, difference=1500, accounts=1, blocked=2
        ),
        DigestLine(company="Late", verdict=""),
        DigestLine(company="Well", verdict="in_sync", currency="EUR"),
        DigestLine(company="Without", verdict="not_kept"),
    ]
    digest = render(DigestMail(business_date=date(2026, 3, 14), lines=lines), "en").page
    assert digest.subject == "Perpetua: 2 of 4 companies need a look, Mar 14, 2026"
    assert (
        "- Shop: out of sync by 1,500\N{NO-BREAK SPACE}JPY, 2 waiting\n- Late: night not over\n- Well: in sync"
        in digest.text
    )


def test_content_is_kept_as_it_was() -> None:
    for content in (eventful(), quiet()):
        assert from_text(as_text(content)) == content


def _written_over(text: str) -> NightMail:
    """The eventful night with every free text replaced."""
    kept = {"verdict", "kind", "currency", "time_zone", "head"}

    def over(value: object, name: str = "") -> object:
        if isinstance(value, msgspec.Struct):
            return {field: over(getattr(value, field), field) for field in value.__struct_fields__}
        if isinstance(value, list):
            return [over(one, name) for one in value]
        return (
            text if isinstance(value, str) and name not in kept and not (name == "status" and value != text) else value
        )

    written = over(eventful())
    assert isinstance(written, dict)
    return msgspec.convert({"type": "nightly", **written}, NightMail)


def _elements(html: str) -> list[str]:
    return re.findall(r"<[a-z/!]+", html)
