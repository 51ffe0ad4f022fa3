"""The door: every address of the application is tried without login, role and token; what documents say stays text on every page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from tornado.web import RequestHandler, StaticFileHandler

from domain.masters import Publisher as Registered
from tests.support import till
from tests.support.desk import PASSWORD, Client, RunningDesk, basic, running_desk
from tests.support.lanes import COMPANY, MASTERS, Json, cancel, delivery, number_of, post_all, publish, receipt, rows
from worker.app import app
from worker.desk.application import Desk
from worker.desk.guard import Guard
from worker.desk.page import Action
from worker.desk.publishers import RefusedFile
from worker.desk.roles import Role
from worker.desk.tills import CertificateFile
from worker.desk.users import Users
from worker.services.acceptance import Message, take
from worker.services.publishers import Publishers, admit
from worker.services.reconciliation import reconcile
from worker.services.tools import open_tools
from worker.settings import Settings
from worker.store.database import Database

OPEN = {"/login/?", "/healthcheck", r"/static/(.*)", r"/desk/static/(.*)", r"/(favicon\.ico)", r"/(robots\.txt)"}
# Writes that everybody may make who is logged in, and one that nobody needs to be logged in for.
FOR_ALL = {"/logout", "/tasks/datatable"}
LOGIN = "/login/?"

# What comes as a file is shown by no page.
FILES = {RefusedFile, CertificateFile}

# Whatever a publisher might put into any field: markup, templates of every kind, SQL.
EVIL = "<x-evil onclick=alert(1)>&\"'{{1337*3}}{% raw 1 %}${1337*3}'; DROP TABLE document; --"
MARKED = re.compile(r"<x-evil|4011")


class Route(NamedTuple):
    """An address of the application, an example of it, and who answers."""

    pattern: str
    example: str
    handler: type[RequestHandler]

    @property
    def methods(self) -> set[str]:
        """The methods that the handler really has."""
        return {
            method
            for method in RequestHandler.SUPPORTED_METHODS
            if getattr(self.handler, method.lower()) is not RequestHandler._unimplemented_method
        }


@pytest.fixture
def books(settings: Settings) -> Iterator[Database]:
    with Database(str(settings.database_url)) as opened:
        yield opened


@pytest.fixture
def desk(settings: Settings) -> Iterator[RunningDesk]:
    with running_desk(settings) as running:
        yield running


def routes(settings: Settings) -> list[Route]:
    """Every address that the application answers at, whoever has added it."""

    async def collect() -> list[Route]:
        with open_tools(settings, app) as tools:
            application = Desk(settings, tools, app)
            try:
                return [*_routes(application.default_router)]
            finally:
                application.stop()
                application.threads.shutdown()
                application.executor.shutdown()

    return asyncio.run(collect())


def _routes(router: Any) -> Iterator[Route]:
    for rule in router.rules:
        if isinstance(rule.target, type):
            pattern = rule.matcher.regex.pattern.removesuffix("$")
            yield Route(pattern, _example(pattern), rule.target)
        else:
            yield from _routes(rule.target)


def _example(pattern: str) -> str:
    """An address that a pattern matches."""
    text = re.sub(r"\(\\d\{1,\d+\}\)", "1", pattern)
    text = re.sub(r"\(\[0-9a-f\]\{(\d+)\}\)", lambda found: "0" * int(found[1]), text)
    text = re.sub(r"\((?:\.\+|\.\*|\[\^/\]\+|\[a-z_\]\+)\)", "x", text)
    text = re.sub(r"\((\w+)\\\.(\w+)\)", r"\1.\2", text)
    text = re.sub(r"\(\?:/\(\[a-z\]\*\)\)\?|/\?$", "", text)
    text = "/nowhere" if text == ".*" else text
    assert re.fullmatch(pattern, text), f"no example for {pattern}"
    return text


def deep(document: Json) -> Json:
    """A document with evil in every text that may hold any."""
    return {**document, "remarks": EVIL, "actor": EVIL, "cost_center": EVIL, "dimensions": {EVIL: EVIL}}


@pytest.mark.slow
def test_every_address_is_closed_to_strangers_and_every_write_to_whoever_lacks_role_or_token(
    desk: RunningDesk, books: Database
) -> None:
    publish(books, MASTERS)
    settings = desk.settings
    for role in Role:
        Users(settings.desk_users).put(role.value, password=PASSWORD, roles=frozenset({role}))
    known = routes(settings)
    assert len(known) > 60
    assert sum(issubclass(route.handler, Guard) for route in known) > 30
    stranger, ada, reader = desk.visitor(), desk.visitor("ada"), desk.visitor("read")
    stranger.token()
    for route in known:
        for method in sorted(route.methods):
            answer = stranger.ask(method, route.example, {"_xsrf": stranger.token()} if method == "POST" else None)
            shut = answer.status in (302, 401, 403)
            if method == "OPTIONS" or (route.pattern in OPEN and method in ("GET", "HEAD")):
                assert answer.status in (200, 204, 302, 401, 404), route
                continue
            if route.pattern == LOGIN:
                assert answer.status == 401
                continue
            assert shut, (route, method, answer.status)
            assert "set-cookie" not in {name.lower() for name in answer.headers} or method == "GET"
            if method in ("GET", "HEAD"):
                continue
            # With every role but without the token, or with a token from another site, nothing is done.
            path, form = route.example, {"_xsrf": ada.token()}
            for name, refused in {
                "no token": ada.ask(method, path, {}),
                "another token": ada.ask(method, path, {"_xsrf": "2|00000000|00000000000000000000000000000000|1"}),
                "another site": ada.ask(method, path, form, {"Origin": "https://evil.example"}),
                "fetched by another site": ada.ask(method, path, form, {"Sec-Fetch-Site": "cross-site"}),
                "a password alone": Client(ada.port).ask(method, path, {}, basic("ada")),
            }.items():
                assert refused.status == 403, (route, method, name, refused.status)
            if route.pattern not in FOR_ALL and issubclass(route.handler, Guard):
                needed = route.handler.writes
                assert needed not in (None, Role.READ), route
            if route.pattern not in FOR_ALL:
                assert reader.post(route.example).status in (403, 404, 405), (route, method)
    # Nothing of all that was done, or is on record but as refused.
    assert rows(books, "SELECT count(*) FROM document") == [(0,)]
    assert rows(books, "SELECT DISTINCT action FROM desk_action WHERE company_id <> 0") == []


def test_every_handler_passes_the_guard(settings: Settings) -> None:
    from worker.desk.guard import guarded

    for route in routes(settings):
        handler = guarded(route.handler)
        assert issubclass(handler, Guard), route
        for kept in ("prepare", "check_xsrf_cookie", "get_current_user", "set_default_headers"):
            assert getattr(handler, kept) is getattr(Guard, kept), (route, kept)
        closed = handler.needs is not None or issubclass(route.handler, StaticFileHandler) or route.pattern == LOGIN
        assert closed, route


@pytest.mark.slow
def test_answers_say_what_browsers_may_do_with_them(desk: RunningDesk) -> None:
    ada = desk.visitor("ada")
    for path in ("/login", "/desk", "/tasks", "/workers", "/broker", "/nowhere", "/api/tasks"):
        answer = ada.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Tornado" not in answer.headers["Server"]
        # No script stands in a page, and nothing comes from elsewhere.
        assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", answer.text), path
        assert not re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""", answer.text), path
    assert ada.get("/desk/static/../application.py").status in (403, 404)
    assert ada.get("/desk/static/%2e%2e/application.py").status in (403, 404)


@pytest.mark.slow
def test_what_documents_say_is_text_on_every_page(desk: RunningDesk, books: Database) -> None:
    warehouse, item, profile = f"W{EVIL}", f"I{EVIL}", f"P{EVIL}"
    publish(books, [
        {**COMPANY, "stock_journals": "allow", "on_out_of_sync": "warn"},
        {**MASTERS[1], "name": warehouse}, {**MASTERS[2], "code": item},
        {"type": "cost_center", "company": "Grocery", "name": EVIL},
        {"type": "pos_profile", "company": "Grocery", "name": profile, "warehouse": warehouse, "customer_default": EVIL,
         "payment_modes": [{"mode": EVIL, "account": "Cash", "default": True}]},
        {"type": "accounting_period", "company": "Grocery", "name": f"Q{EVIL}", "start": "2020-01-01", "end": "2020-03-31"},
    ])  # fmt: skip
    line = {"item": item, "warehouse": warehouse}

    def lined(document: Json) -> Json:
        return deep({**document, "lines": [{**one, **line} for one in document["lines"]]})

    publish(books, [
        {**lined(receipt(f"PR-{EVIL}")), "supplier": EVIL},
        {**lined(delivery(f"DN-{EVIL}", 2)), "customer": EVIL},
        {**lined(delivery(f"DX-{EVIL}", 900)), "customer": EVIL},
        deep(delivery(f"DP-{EVIL}", 1, item=f"Nothing {EVIL}")),
        {"type": "pos_invoice", "company": "Grocery", "number": f"S-{EVIL}", "posting_datetime": "2024-06-17T09:00:00", "user": EVIL,
         "pos_profile": profile, "lines": [{"item": item, "qty": 1, "rate": 3}], "payments": [{"mode": EVIL, "amount": "3"}]},
        {**cancel(f"C-{EVIL}", "delivery_note", f"DX-{EVIL}"), "reason": EVIL},
        {"type": "journal_entry", "company": "Grocery", "number": f"JV-{EVIL}", "posting_datetime": "2024-06-20T09:00:00",
         "lines": [{"account": "Stock In Hand", "debit": "5"}, {"account": "Debtors", "credit": "5", "party": EVIL}]},
        {**lined(receipt(f"P0-{EVIL}", 1, at="2024-06-10T09:00:00")), "supplier": EVIL},
    ])  # fmt: skip
    post_all(books)
    company = number_of(books)
    reconcile(books, company)
    statuses = dict(rows(books, "SELECT left(number, 2), status FROM books.document_status"))
    assert (statuses["PR"], statuses["DN"], statuses["DX"], statuses["DP"], statuses["S-"]) == (
        "posted", "posted", "rejected", "parked", "open",
    )  # fmt: skip
    _refuse_at_the_door(desk.settings)
    ada = desk.visitor("ada")
    base = f"/desk/{company}"
    ada.post(f"{base}/documents/3/save", payload=json.dumps(deep(delivery("other"))), reason=EVIL)
    ada.post(f"{base}/reposts/pause", reason=EVIL)
    ada.post(f"{base}/tills/close", profile=profile)
    post_all(books)
    pages = [
        f"{base}/{page}"
        for page in (
            "documents", "ledgers", "reposts", "tills", "periods", "reconciliation", "schedule", "publishers", "activity",
            "activity?of=desk", f"publishers/refused?publisher={quote(f'P{EVIL}')}",
        )
    ]  # fmt: skip
    pages.append(f"{base}/documents/by-key/delivery_note/{quote(f'DN-{EVIL}', safe='')}")
    count = rows(books, "SELECT max(sequence) FROM document")[0][0]
    pages += [f"{base}/documents/{number}" for number in range(1, count + 1)]
    pages += [f"{base}/ledgers/{number}" for number in range(1, count + 1)]
    pages += [f"{base}/documents/3/edit", f"{base}/reposts/preview", f"/login?next=/{EVIL}"]
    pages += [f"{base}/tills/{number}" for number in range(1, count + 1)]
    seen = {page: ada.get(page.replace(" ", "%20")).text for page in pages}
    for path, form in {
        f"{base}/documents/3/dry-run": {"payload": EVIL, "reason": EVIL},
        f"{base}/documents/4/dry-run": {},
        f"{base}/reposts/preview": {"payload": json.dumps(deep(delivery(EVIL)))},
        f"{base}/documents/3/save": {"payload": EVIL, "reason": EVIL},
        "/login": {"name": EVIL, "password": "x"},
    }.items():
        seen[f"POST {path}"] = ada.post(path, **form).text
    for page, text in seen.items():
        assert not MARKED.search(text), f"{page}: {MARKED.findall(text)}"
    # No page that documents may be seen on was left out, whoever adds one.
    visited = {page.removeprefix("POST ").partition("?")[0] for page in seen}
    for route in routes(desk.settings):
        shows = route.pattern.startswith(r"/desk/(\d") and "GET" in route.methods and route.handler not in FILES
        if shows and getattr(route.handler, "get", None) is not Action.get:
            assert any(re.fullmatch(route.pattern, page) for page in visited), route.pattern
    # It was there to be seen, as text.
    shown = [page for page, text in seen.items() if "&lt;x-evil" in text]
    assert len(shown) > 25, shown
    for part in ("documents", "ledgers", "tills", "periods", "reconciliation", "publishers", "activity"):
        assert f"{base}/{part}" in shown, part
    assert "&quot;" in seen[f"{base}/documents/3"]


def _refuse_at_the_door(settings: Settings) -> None:
    """Have a publisher's message refused, in whose every field is evil."""
    own = replace(settings, signing_secret="a secret of this installation")
    raw = json.dumps(deep(delivery(f"DW-{EVIL}"))).encode()
    with open_tools(own, app) as tools:
        Publishers(tools.database, EVIL).add(
            Registered(name=f"P{EVIL}", companies=["Grocery"]), str(own.signing_secret)
        )
        message = Message(raw, f"P{EVIL}", "1-0", signature="0" * 64, signed_at="1767600000")
        (receipt,) = take(tools, [message], door=admit)
    assert (receipt.error or {})["code"] == "WrongSignature"


@pytest.mark.slow
def test_what_visitors_send_reaches_no_statement(desk: RunningDesk, books: Database) -> None:
    publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1", 500)])
    post_all(books)
    ada, company = desk.visitor("ada"), number_of(books)
    before = rows(books, "SELECT count(*), max(sequence) FROM document")
    texts = [
        "' OR '1'='1",
        "1; DROP TABLE voucher",
        "';--",
        "\\",
        "\0",
        "-1",
        "9" * 40,
        "{{7*7}}",
        "../../etc/passwd",
        "٣",
    ]
    for text in texts:
        for page in ("documents", "ledgers", "reposts", "tills", "schedule", "activity"):
            for name in ("number", "status", "type", "code", "before", "after", "after_type", "at", "id"):
                answer = ada.get(f"/desk/{company}/{page}?{name}={quote(text)}")
                assert answer.status in (200, 400), (page, name, text, answer.text[:500])
                assert "49" not in re.findall(r"<td[^>]*>([^<]*)</td>", answer.text)
        quoted = quote(text, safe="")
        assert ada.get(f"/desk/{company}/documents/by-key/delivery_note/{quoted}").status in (302, 400, 404)
        assert ada.get(f"/desk/{quoted}/documents").status == 404
    assert ada.post(f"/desk/{company}/documents/release", sequence="1 OR 1=1", which="ticked").status == 303
    assert ada.post(f"/desk/{company}/tills/close", profile="x'; DELETE FROM lane; --").status == 303
    post_all(books)
    assert rows(books, "SELECT count(*) FROM voucher") == [(1,)]
    assert rows(books, "SELECT count(*), max(sequence) FROM document WHERE type <> 'pos_closing'") == before


@pytest.mark.slow
def test_secrets_are_in_no_page_no_log_and_no_table(desk: RunningDesk, books: Database) -> None:
    publish(books, [*MASTERS, receipt("PR-1"), till.receipt("PR-2", ("Apple", 1, 1), company="Grocery")])
    post_all(books)
    ada, company = desk.visitor("ada"), number_of(books)
    ada.log_in("ada", "a wrong password")
    pages = [
        "/",
        "/tasks",
        "/broker",
        "/workers",
        "/api/workers",
        "/api/tasks",
        "/metrics",
        "/nowhere",
        f"/desk/{company}/activity?of=desk",
    ]
    text = "".join(ada.get(page).text for page in pages) + desk.log
    text += json.dumps(rows(books, "SELECT user_name, action, details::text FROM desk_action"))
    settings = desk.settings
    secrets = {PASSWORD, "a wrong password", Users(settings.desk_users).all()["ada"].password}
    secrets |= {
        part.split("@")[0] for url in (settings.database_url, settings.redis_url) for part in str(url).split(":")[2:3]
    }
    secrets.add((settings.desk_path / "cookie_secret").read_text(encoding="utf-8"))
    assert not {secret for secret in secrets if secret in text}
