"""What operators do at the desk, done in a real browser beside real workers; and how the pages look and are reached by keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.support import till
from tests.support.browser import DESKTOP, PHONE, Browser, browser
from tests.support.desk import PASSWORD, RunningDesk, running_desk
from tests.support.lanes import COMPANY, MASTERS, Json, delivery, number_of, post_all, publish, receipt, rows
from tests.support.processes import CELERY, running, until
from worker.services.reconciliation import reconcile
from worker.settings import Settings
from worker.store.database import Database

WORKER = (
    *CELERY, "worker", "--hostname", "all@test", "--queues", "posting,celery,reposting,pos", "--concurrency", "2", "--without-gossip",
    "--without-mingle",
)  # fmt: skip
JOURNAL = {
    "type": "journal_entry", "company": "Grocery", "number": "JV-1", "posting_datetime": "2024-06-20T09:00:00",
    "lines": [{"account": "Stock In Hand", "debit": "50"}, {"account": "Temporary Opening", "credit": "50"}],
}  # fmt: skip


@pytest.fixture
def books(settings: Settings) -> Iterator[Database]:
    """A shop where something is wrong everywhere: a rejected delivery, a drifting account, a till that is open."""
    with Database(str(settings.database_url)) as opened:
        publish(
            opened, [{**COMPANY, "stock_journals": "allow", "on_out_of_sync": "warn"}, *MASTERS[1:], receipt("PR-1")]
        )
        publish(opened, [delivery("DN-1", 4), delivery("DN-2", 50), JOURNAL, *till.masters()])
        publish(
            opened,
            [
                till.receipt("R-1", ("Apple", 9, 2)),
                till.sale("S-1", ("Apple", 2, 3)),
                till.sale("S-2", ("Apple", 1, 3)),
            ],
        )
        post_all(opened)
        post_all(opened, till.SHOP)
        reconcile(opened, number_of(opened), night=date(2026, 3, 1))
        yield opened


@pytest.fixture
def desk(settings: Settings, books: Database) -> Iterator[RunningDesk]:
    with running_desk(settings) as running:
        yield running


@pytest.fixture
def window() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def log_in(window: Browser, desk: RunningDesk) -> None:
    window.open(f"{desk.url}/desk")
    window.fill("Name", "ada")
    window.fill("Password", PASSWORD)
    window.click("Log in")


def status(books: Database, number: str) -> str:
    return str(rows(books, "SELECT status FROM books.document_status WHERE number = %s", number)[0][0])


@pytest.mark.slow
def test_a_day_at_the_desk(desk: RunningDesk, books: Database, window: Browser) -> None:
    with running(desk.settings, WORKER):
        log_in(window, desk)
        _mend_a_rejected_document(window, books)
        _pause_and_resume_a_repost(window, desk, books)
        _create_the_journal_entry(window, desk, books)
        _close_a_till(window, desk, books)
    assert window.complaints() == []


def _mend_a_rejected_document(window: Browser, books: Database) -> None:
    window.click("rejected")
    window.click("DN-2")
    assert "NegativeStock" in window.text
    window.click("Edit")
    payload = json.loads(window.find("#payload").value())
    window.find("#payload").write(json.dumps({**payload, "lines": [{**payload["lines"][0], "qty": 5}]}))
    window.fill("Why it is edited", "ten times too many")
    window.click("Dry run")
    assert "Dry run: it would be posted" in window.text
    assert "Nothing was written" in window.text
    assert status(books, "DN-2") == "rejected"
    window.click("Save and release")
    assert "delivery note DN-2 is posted as DN-2024-00002." in window.find(".told").text
    assert status(books, "DN-2") == "posted"
    assert "ten times too many" in window.text
    window.click("DN-2024-00002")
    assert "Where its costs come from" in window.text


def _pause_and_resume_a_repost(window: Browser, desk: RunningDesk, books: Database) -> None:
    company = number_of(books)
    window.open(f"{desk.url}/desk/{company}/reposts")
    window.click("Pause")
    assert "Paused by ada" in window.text
    publish(books, [receipt("PR-0", 4, "150", at="2024-06-14T09:00:00")])
    post_all(books)
    window.open(f"{desk.url}/desk/{company}/reposts")
    assert "made by PR-0" in window.text
    assert rows(books, "SELECT count(*) FROM repost_run") == [(0,)]
    window.click("Resume")
    assert "Reposts go on." in window.find(".told").text
    until(lambda: rows(books, "SELECT count(*) FROM repost_run WHERE published_at IS NOT NULL") == [(1,)])
    window.open(f"{desk.url}/desk/{company}/reposts")
    assert window.find("tbody .status").text == "published"
    assert window.find("progress").value() == "100"


def _create_the_journal_entry(window: Browser, desk: RunningDesk, books: Database) -> None:
    company = number_of(books)
    window.open(f"{desk.url}/desk/{company}/reconciliation")
    assert window.find("h1 .status").text == "out of sync"
    assert "JV-1" in window.text
    window.find("summary", "Change more").click()
    window.fill("Remarks", "booked by hand, taken back")
    window.click("Create Journal Entry")
    assert "is posted as JV-" in window.find(".told").text
    assert window.find("h1 .status").text == "in sync"
    assert not [one for one in window.all("button") if one.text == "Create Journal Entry"]
    remarks = rows(
        books,
        "SELECT payload::json ->> 'remarks' FROM document WHERE type = 'journal_entry' ORDER BY sequence DESC LIMIT 1",
    )
    assert remarks == [("booked by hand, taken back",)]


def _close_a_till(window: Browser, desk: RunningDesk, books: Database) -> None:
    shop = number_of(books, till.SHOP)
    window.open(f"{desk.url}/desk/{shop}/tills")
    assert "9.00 EUR" in window.text
    window.click("Close Till now")
    assert "is posted" in window.find(".told").text
    assert "No till is open." in window.text
    window.click("check it")
    assert window.find("h1 .status").text == "holds"
    assert {status(books, number) for number in ("S-1", "S-2")} == {"consolidated"}


@pytest.mark.slow
def test_pages_fit_a_phone_and_can_be_used_by_keyboard(desk: RunningDesk, books: Database, window: Browser) -> None:
    company, shop = number_of(books), number_of(books, till.SHOP)
    for n in range(1, 31):
        reconcile(books, company, night=date(2026, 3, 1) + timedelta(days=n))
    with books.transaction() as connection:
        connection.execute(
            "INSERT INTO slot (company_id, job, business_date, due_at, deadline_at, claimed_at, finished_at, mailed_at, fence, attempts, "
            "result) SELECT %s, 'close tills', '2026-03-01', at, at, at, at, at, 1, 2, '{\"closings\": 12, \"sales\": 1200, "
            "\"set_aside\": 3}' FROM (SELECT timestamptz '2026-03-01T21:00Z' AS at) night",
            [company],
        )
    log_in(window, desk)
    pages = [
        f"/desk/{company}/{page}"
        for page in (
            "documents",
            "ledgers",
            "reposts",
            "periods",
            "reconciliation",
            "schedule",
            "publishers",
            "activity",
        )
    ]
    pages += [f"/desk/{company}/documents/3", f"/desk/{company}/documents/3/edit", f"/desk/{company}/ledgers/2"]
    pages += [f"/desk/{company}/reposts/preview", f"/desk/{shop}/tills", "/workers", "/tasks", "/broker"]
    for page in pages:
        for size in (DESKTOP, PHONE):
            window.size(size)
            window.open(f"{desk.url}{page}")
            assert window.run("return document.documentElement.scrollWidth") <= size[0], (page, size)
            assert window.run(_CUT) == [], (page, size)
        assert window.complaints() == [], page
        if page.startswith("/desk"):
            # Colours first: what has the focus looks different for a moment.
            assert window.run(_FAINT) == [], page
            assert window.run(_UNREACHABLE) == [], page


# What a person without a mouse, or without eyes on the screen, would miss.
_UNREACHABLE = """
const wrong = [];
const main = document.querySelector('main');
if (!document.querySelector('a.skip-link[href="#main-content"]')) wrong.push('no skip link');
if (document.querySelectorAll('main h1').length !== 1) wrong.push('not one heading');
if (!document.title.includes('Perpetua')) wrong.push('no title');
for (const field of main.querySelectorAll('input:not([type=hidden]), select, textarea')) {
  if (!field.labels.length && !field.getAttribute('aria-label')) wrong.push('no label: ' + field.outerHTML);
}
for (const table of main.querySelectorAll('table')) {
  if (!table.caption) wrong.push('no caption');
  for (const head of table.querySelectorAll('th')) if (!head.scope) wrong.push('no scope: ' + head.outerHTML);
}
for (const one of main.querySelectorAll('a, button, summary, input:not([type=hidden]), select, textarea')) {
  if (!one.checkVisibility()) continue;
  one.focus({focusVisible: true});
  if (document.activeElement !== one) wrong.push('no focus: ' + one.outerHTML);
  else if (getComputedStyle(one).outlineStyle === 'none') wrong.push('focus not seen: ' + one.outerHTML);
  if (!(one.innerText || one.getAttribute('aria-label') || one.labels?.length || '')) wrong.push('no name: ' + one.outerHTML);
}
return wrong;
"""

# Tables of which a part shows only to whoever scrolls them aside.
_CUT = """
return [...document.querySelectorAll('.sheet')].filter(one => one.scrollWidth > one.clientWidth)
  .map(one => (one.querySelector('caption') || one).innerText);
"""

# Text whose contrast with what is behind it is below 4.5 to 1, and fields whose edge has less than 3 to 1.
_FAINT = """
const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
const colour = text => (text.match(/[\\d.]+/g) || []).map(Number);
const behind = one => { for (; one; one = one.parentElement) { const c = colour(getComputedStyle(one).backgroundColor);
  if (c.length === 3 || c[3] > .9) return c.slice(0, 3); } return [255, 255, 255]; };
const contrast = (one, other) => { const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
const wrong = [];
for (const field of document.querySelectorAll('main .form-control, main .form-select')) {
  const ratio = contrast(colour(getComputedStyle(field).borderTopColor).slice(0, 3), behind(field.parentElement));
  if (field.checkVisibility() && ratio < 3) wrong.push(ratio.toFixed(2) + ': ' + field.outerHTML);
}
const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const one = walk.currentNode.parentElement;
  if (!walk.currentNode.nodeValue.trim() || !one.checkVisibility() || one.closest('script, option, .visually-hidden')) continue;
  const ratio = contrast(colour(getComputedStyle(one).color).slice(0, 3), behind(one));
  if (ratio < 4.5) wrong.push(ratio.toFixed(2) + ': ' + walk.currentNode.nodeValue.trim());
}
return [...new Set(wrong)];
"""


@pytest.mark.slow
def test_markup_in_documents_runs_nowhere(desk: RunningDesk, books: Database, window: Browser) -> None:
    evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>\'"-->'
    attack: Json = {**delivery(f"DN {evil}", 900), "customer": evil, "remarks": evil}
    publish(books, [attack, {**receipt(f"PR {evil}"), "supplier": evil}])
    post_all(books)
    company = number_of(books)
    log_in(window, desk)
    last = rows(books, "SELECT max(sequence) FROM document WHERE company_id = %s", company)[0][0]
    for page in (
        "documents",
        f"documents/{last}",
        f"documents/{last - 1}",
        f"documents/{last - 1}/edit",
        f"ledgers/{last}",
        "ledgers",
    ):
        window.open(f"{desk.url}/desk/{company}/{page}")
        assert "window.pwned" in window.run(
            "return document.body.innerText + (document.querySelector('textarea') || {}).value"
        )
        assert window.run("return window.pwned === undefined && !document.querySelector('main img, main script')"), page
    assert window.complaints() == []
