"""The desk as its visitors use it: every page, every action, and what is on record of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.support import till
from tests.support.desk import ALL_ROLES, Client, RunningDesk, basic, rows_of, running_desk, told
from tests.support.differences import journal
from tests.support.lanes import MASTERS, delivery, number_of, post_all, publish, receipt, rows
from worker.app import app, configuration
from worker.bells import Lane
from worker.desk.roles import Role
from worker.services.acceptance import Message, take
from worker.services.previewing import answer_previews
from worker.services.reconciliation import reconcile
from worker.services.reposting import run_pending
from worker.services.tools import open_tools
from worker.settings import Settings
from worker.store.database import Database

# Documents of the company Grocery, by sequence: 1 and 5 are posted, 2 and 3 rejected, 4 parked.
GROCERY = [
    receipt("PR-1"),
    delivery("DN-2", 50),
    delivery("DN-3", 60),
    delivery("DN-4", 1, item="Tea"),
    delivery("DN-5", 4),
]


@pytest.fixture
def books(settings: Settings) -> Iterator[Database]:
    with Database(str(settings.database_url)) as opened:
        publish(opened, [*MASTERS, *GROCERY])
        post_all(opened)
        yield opened


@pytest.fixture
def desk(settings: Settings, books: Database) -> Iterator[RunningDesk]:
    one_role = {role.value: frozenset({role}) for role in Role}
    with running_desk(settings, ada=ALL_ROLES, bob=frozenset(), **one_role) as running:
        yield running


def actions(books: Database) -> list[tuple[str, str, str, str]]:
    """What is on record: who, what, which document, what came of it."""
    return [
        (user, action, number, (answer or {}).get("done") or (answer or {}).get("refused") or "")
        for user, action, number, answer in rows(
            books,
            "SELECT a.user_name, a.action, a.number, r.details FROM desk_action a LEFT JOIN desk_action r "
            "ON r.company_id = a.company_id AND r.action_id = a.action_id AND r.step = 1 "
            "WHERE a.step = 0 AND a.company_id <> 0 ORDER BY a.at",
        )
    ]


@pytest.mark.slow
def test_documents_are_found_edited_tried_released_and_cancelled(desk: RunningDesk, books: Database) -> None:
    ada = desk.visitor("ada")
    company = number_of(books)
    assert ada.get("/desk").place == f"/desk/{company}/documents"
    page = ada.get(f"/desk/{company}/documents").text
    assert [row.split()[0] for row in rows_of(page)[1:]] == ["DN-5", "DN-4", "DN-3", "DN-2", "PR-1"]
    assert [row.split()[0] for row in rows_of(ada.get(f"/desk/{company}/documents?status=parked").text)[1:]] == ["DN-4"]
    assert [row.split()[0] for row in rows_of(ada.get(f"/desk/{company}/documents?number=DN-3").text)[1:]] == ["DN-3"]
    assert ada.get(f"/desk/{company}/documents/by-key/delivery_note/DN-3").place == f"/desk/{company}/documents/3"
    base = f"/desk/{company}/documents/2"
    shown = ada.get(base).text
    assert "NegativeStock" in shown
    assert "Receive the goods first" in shown

    edited = json.dumps(delivery("DN-2", 5))
    dry = ada.post(f"{base}/dry-run", payload=edited)
    assert "it would be posted" in dry.text
    assert "Cost of Goods Sold" in dry.text
    assert "Nothing was written" in dry.text
    assert "it would be rejected" in ada.post(f"{base}/dry-run").text
    refused = ada.post(f"{base}/save", payload='{"type": "delivery_note"', reason="a try")
    assert refused.status == 422
    assert "{&quot;type&quot;: &quot;delivery_note&quot;" in refused.text
    assert "say why" in ada.post(f"{base}/save", payload=edited, reason="").text
    saved = ada.follow(ada.post(f"{base}/save", payload=edited, reason="typing error")).text
    assert "Revision 1 is kept" in told(saved)
    assert "This was decided before revision 1" in saved
    assert "Grocery, times of Asia/Kolkata" in saved
    after = ada.follow(ada.post(f"{base}/retry"))
    assert "waits for a worker" in told(after.text)
    assert told(ada.get(base).text) == ""
    post_all(books)
    shown = ada.get(base).text
    assert "Revision 1 by ada" in shown
    assert "typing error" in shown
    assert "Edit</a>" not in shown

    publish(books, [{**MASTERS[2], "code": "Tea"}, receipt("PR-6", item="Tea", at="2024-06-01T09:00:00")])
    post_all(books)
    many = ada.post(f"/desk/{company}/documents/release", status="rejected", which="all")
    # DN-3, and DN-4: its item came before the goods did.
    assert "2 documents are on the way" in told(ada.follow(many).text)
    ada.post(f"/desk/{company}/documents/5/cancel", reason="sent twice")
    post_all(books)
    assert rows(books, "SELECT number FROM books.document_status WHERE status = 'cancelled'") == [("DN-5",)]
    assert [(user, action, number) for user, action, number, _ in actions(books)] == [
        ("ada", "edit", "DN-2"), ("ada", "edit", "DN-2"), ("ada", "edit", "DN-2"), ("ada", "decide anew", "DN-2"),
        ("ada", "decide many anew", ""), ("ada", "cancel", "DN-5"),
    ]  # fmt: skip
    assert all(answer for *_, answer in actions(books))
    activity = ada.get(f"/desk/{company}/activity").text
    assert "typing error" in activity
    assert "ada" in ada.get(f"/desk/{company}/activity?of=desk").text


@pytest.mark.slow
def test_ledgers_reposts_tills_and_periods(desk: RunningDesk, books: Database) -> None:
    ada, company = desk.visitor("ada"), number_of(books)
    assert "DN-2024-00001" in ada.get(f"/desk/{company}/ledgers").text
    assert "DN-2024-00001" in ada.get(f"/desk/{company}/ledgers?number=DN-2024-00001").text
    voucher = ada.get(f"/desk/{company}/ledgers/5").text
    for part in ("Cost of Goods Sold", "800.00", "of the layer of", "PR-1", "&quot;customer&quot;: &quot;Asha&quot;"):
        assert part in voucher
    assert ada.get(f"/desk/{company}/ledgers/2").status == 404

    publish(books, [receipt("PR-0", 4, "150", at="2024-06-14T09:00:00")])
    post_all(books)
    base = f"/desk/{company}/reposts"
    assert "made by PR-0" in ada.get(base).text
    assert "Paused by ada" in ada.follow(ada.post(f"{base}/pause")).text
    assert run_pending(books, company).paused
    assert "Reposts go on." in told(ada.follow(ada.post(f"{base}/resume")).text)
    assert "before other companies" in told(ada.follow(ada.post(f"{base}/rank", priority="1")).text)
    assert "choose one of" in told(ada.follow(ada.post(f"{base}/rank", priority="9")).text)
    assert run_pending(books, company).published == 1
    runs = ada.get(base).text
    assert '<progress max="100" value="100"' in runs
    assert "published" in runs
    seen = ada.post(f"{base}/preview", payload=json.dumps(delivery("DN-9", 2)))
    assert "it would be posted" in seen.text
    assert (
        "is of Bakery" in ada.post(f"{base}/preview", payload=json.dumps({**delivery("X"), "company": "Bakery"})).text
    )

    app.conf.update(configuration(desk.settings))
    with open_tools(desk.settings, app) as tools:
        asked = [{**receipt(number), "preview": True} for number in ("PV-1", "PV-2")]
        take(tools, [Message(json.dumps(one).encode()) for one in asked])
        answer_previews(tools, Lane(company, "Grocery"))
    base = f"/desk/{company}/reposts"
    page = ada.get(base).text
    assert page.count("would be posted") == 2
    assert "Accept PV-1" in page
    refused = {"type": "purchase_receipt", "number": "PV-2", "decision": "refuse"}
    assert "PV-2 is refused" in told(ada.follow(ada.post(f"{base}/decide", **refused)).text)
    assert "decided on this preview already" in told(ada.follow(ada.post(f"{base}/decide", **refused)).text)
    ada.post(f"{base}/decide", **{**refused, "number": "PV-1", "decision": "accept"})
    post_all(books)
    run_pending(books, company)
    assert rows(books, "SELECT status FROM books.document_status WHERE number = 'PV-1'") == [("posted",)]
    assert "would be posted" not in ada.get(base).text

    publish(books, [*till.masters(), till.receipt("R-1", ("Apple", 9, 2)), till.sale("S-1", ("Apple", 2, 3))])
    post_all(books, till.SHOP)
    shop = number_of(books, till.SHOP)
    page = ada.get(f"/desk/{shop}/tills").text
    assert "Close Till now" in page
    assert "6.00 EUR" in page
    ada.post(f"/desk/{shop}/tills/close", profile="Till")
    post_all(books, till.SHOP)
    page = ada.get(f"/desk/{shop}/tills").text
    assert "No till is open" in page
    closing = re.search(rf'/desk/{shop}/tills/(\d+)"', page)
    assert closing is not None
    certificate = ada.get(f"/desk/{shop}/tills/{closing[1]}").text
    assert "1 receipt, 1 invoice, 5 sums agree to the last minor unit" in certificate
    assert {"quantity Apple 2 2 yes", "item Apple 6.00 6.00 yes"} <= set(rows_of(certificate))
    export = json.loads(ada.get(f"/desk/{shop}/tills/{closing[1]}/file").text)
    assert export["certificate"]["receipts"] == 1
    assert ada.get(f"/desk/{shop}/tills/1").status == 404

    publish(books, [{"type": "company", "name": "Empty", "currency": "EUR", "time_zone": "America/Lima"}])
    empty = f"/desk/{number_of(books, 'Empty')}"
    assert "Times of America/Lima" in ada.get(f"{empty}/documents").text
    assert "Nothing was published for Empty yet" in ada.get(f"{empty}/documents").text
    assert "No such documents" in ada.get(f"/desk/{company}/documents?status=cancelled").text
    assert "Nothing is posted yet" in ada.get(f"{empty}/ledgers").text
    assert "No voucher is called so" in ada.get(f"/desk/{company}/ledgers?number=Nothing").text

    base = f"/desk/{company}/periods"
    ada.post(f"{base}/set", name="2024-06", start="2024-06-01", end="2024-06-30", status="open")
    answer = told(ada.follow(ada.post(f"{base}/set", name="2024-06", status="closed")).text)
    # A parked document is dated into it.
    assert "parked" in answer
    publish(books, [{**MASTERS[2], "code": "Tea"}])
    post_all(books)
    assert "2024-06 is closed." in told(ada.follow(ada.post(f"{base}/set", name="2024-06", status="closed")).text)
    assert "may not reopen" in told(ada.follow(ada.post(f"{base}/set", name="2024-06", status="open")).text)
    publish(books, [{**MASTERS[0], "may_reopen_periods": ["ada"]}])
    assert "say why" in told(ada.follow(ada.post(f"{base}/set", name="2024-06", status="open")).text)
    assert "2024-06 is open." in told(
        ada.follow(ada.post(f"{base}/set", name="2024-06", status="open", reason="a bill came late")).text
    )


@pytest.mark.slow
def test_what_a_night_found_what_it_set_aside_and_how_it_went(desk: RunningDesk, books: Database) -> None:
    ada, company = desk.visitor("ada"), number_of(books)
    lenient = {**MASTERS[0], "stock_journals": "allow", "on_out_of_sync": "warn"}
    publish(books, [lenient, journal("JE-1", "5")])
    post_all(books)
    publish(books, [{**lenient, "mandatory_dimensions": ["project"]}, receipt("PR-9")])
    post_all(books)
    reconcile(books, company)
    base = f"/desk/{company}/reconciliation"
    page = ada.get(base).text
    assert re.search(r'<label for="set-1-dimensions.project">project \(needed\)</label>\s*<input [^>]*required>', page)
    assert "project" in told(ada.follow(ada.post(f"{base}/accept/1")).text)
    assert rows(books, "SELECT count(*) FROM document WHERE type = 'journal_entry'") == [(1,)]
    answer = ada.follow(ada.post(f"{base}/accept/1", **{"dimensions.project": "Shop", "remarks": "taken back"}))
    assert "is posted as JV-" in told(answer.text)
    assert "in sync" in rows_of(answer.text)[1]

    publish(books, [*till.masters(), till.receipt("R-1", ("Apple", 9, 2), ("Bread", 9, 1))])
    publish(books, [till.sale("S-1", ("Apple", 2, 3)), till.sale("S-2", ("Bread", 1, 2))])
    publish(books, [{"type": "item", "company": till.SHOP, "code": "Bread", "disabled": True}, till.closing("C-1")])
    post_all(books, till.SHOP)
    shop = number_of(books, till.SHOP)
    page = ada.get(f"/desk/{shop}/tills").text
    assert any(row.startswith("S-2 Till 2026-03-01 10:00:00 DisabledItem") for row in rows_of(page))
    assert any(row.startswith("C-1 2026-03-01 20:00:00 1 6.00") for row in rows_of(page))

    with books.transaction() as connection:
        connection.execute(
            "INSERT INTO slot (company_id, job, business_date, due_at, deadline_at, claimed_at, finished_at, mailed_at, fence, "
            "attempts, result) SELECT %s, job, '2026-03-01', '2026-03-01T21:00Z', deadline::timestamptz, claimed::timestamptz, "
            "done::timestamptz, done::timestamptz, 1, 1, result::jsonb FROM (VALUES "
            "('close tills', NULL, '2026-03-01T21:01Z', '2026-03-01T21:02Z', '{\"closings\": 1}'), "
            "('reconcile', '2026-03-02T04:00Z', '2026-03-01T21:03Z', NULL, NULL)) night (job, deadline, claimed, done, result)",
            [shop],
        )
    listed = rows_of(ada.get(f"/desk/{shop}/schedule").text)
    times = ("2026-03-01 22:00:00", "2026-03-01 22:01:00", "2026-03-01 22:02:00")
    assert listed[1] == f"2026-03-01 close tills finished {' '.join(times)} {times[2]} closings: 1"
    assert listed[2] == "2026-03-01 reconcile late 2026-03-01 22:00:00 over by 2026-03-02 05:00:00 2026-03-01 22:03:00"


@pytest.mark.slow
def test_each_role_may_what_it_is_for_and_pages_offer_no_more(desk: RunningDesk, books: Database) -> None:
    company = number_of(books)
    allowed = {
        f"/desk/{company}/documents/2/retry": Role.OPERATE,
        f"/desk/{company}/documents/release": Role.OPERATE,
        f"/desk/{company}/documents/5/cancel": Role.CANCEL,
        f"/desk/{company}/reposts/pause": Role.OPERATE,
        f"/desk/{company}/periods/set": Role.CLOSE,
        f"/desk/{company}/tills/close": Role.OPERATE,
        f"/desk/{company}/schedule/send/1": Role.OPERATE,
        "/api/worker/shutdown/nobody": Role.ADMINISTER,
    }
    visitors = {role: desk.visitor(role.value) for role in Role}
    for path, needed in allowed.items():
        for role, visitor in visitors.items():
            answer = visitor.post(path)
            assert (answer.status == 403) == (role is not needed), (path, role, answer.text)
    assert {user for user, *_ in actions(books)} == {"operate", "cancel", "close"}
    reader = visitors[Role.READ]
    for path in ("documents", "documents/3", "ledgers", "reposts", "tills", "periods", "schedule"):
        page = reader.get(f"/desk/{company}/{path}")
        assert page.status == 200
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page.text)
        assert forms == ["/logout"], path
    assert reader.get(f"/desk/{company}/documents/3/edit").status == 403


@pytest.mark.slow
def test_logging_in_and_out(desk: RunningDesk) -> None:
    stranger = desk.visitor()
    assert (
        stranger.get("/desk/1/documents?status=parked").place == "/login?next=%2Fdesk%2F1%2Fdocuments%3Fstatus%3Dparked"
    )
    page = stranger.get("/login?next=%2Ftasks").text
    assert 'value="/tasks"' in page
    assert stranger.log_in("ada", "a wrong one").status == 401
    answer = stranger.post("/login?next=%2Ftasks", name="ada", password="a long secret")
    assert (answer.status, answer.place) == (303, "/tasks")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        again = desk.visitor()
        assert again.post("/login", next=elsewhere, name="ada", password="a long secret").place == "/desk"
    assert stranger.get("/logout").status == 405
    assert stranger.post("/logout").place == "/login"
    assert stranger.get("/desk").place.startswith("/login")
    # An old cookie that somebody kept ends with the password it was made with.
    guesser = Client(stranger.port)
    statuses = [guesser.log_in("ada", f"guess {n}").status for n in range(6)]
    assert statuses[-1] == 429
    assert guesser.log_in("ada").status == 429
    assert guesser.ask("GET", "/metrics", headers=basic("ada")).status == 401
