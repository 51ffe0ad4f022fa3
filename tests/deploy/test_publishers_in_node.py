"""Publishers that are not written in Python: the examples of deploy/publishers/node, with stock clients from npm, on real processes."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.masters import Publisher as Registered
from tests.support.processes import PATIENCE_SECONDS
from tests.support.servers import require_tool
from tests.support.shop import documents, masters
from tests.support.whole_way import everything_running, problems
from worker.services.publishers import Publishers
from worker.settings import Settings
from worker.store.database import Database

DEPLOY = Path(__file__).parents[2] / "deploy" / "publishers"
SECRET = "a secret of this installation, long enough"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples with the clients that their lock file names."""
    require_tool("node", shutil.which("node"))
    npm = require_tool("npm", shutil.which("npm"))
    folder = tmp_path_factory.mktemp("node") / "examples"
    shutil.copytree(DEPLOY / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def signing(settings: Settings) -> Settings:
    return replace(settings, signing="required", signing_secret=SECRET)


@pytest.fixture
def key(signing: Settings) -> Iterator[str]:
    """The key of the publisher `webshop`, which may not send orders."""
    types = ["company", "warehouse", "item", "purchase_receipt", "delivery_note"]
    with Database(str(signing.database_url)) as books:
        given = Publishers(books, "ops").add(
            Registered(name="webshop", companies=["*", "Grocery"], document_types=types, requires_signature=True),
            SECRET,
        )
        assert given is not None
        yield given.key


def run(
    examples: Path, settings: Settings, script: str, sent: list[dict[str, Any]], key: str
) -> tuple[int, list[dict[str, Any]], str]:
    """The exit status, the outcomes that were printed, and what was said beside them."""
    file = examples / "documents.ndjson"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, sent)) + b"\n")
    done = subprocess.run(
        [shutil.which("node") or "node", script, file],
        cwd=examples,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={
            "PATH": os.environ["PATH"],
            "PERPETUA_REDIS_URL": str(settings.redis_url),
            "PERPETUA_BROKER_URL": str(settings.broker_url),
            "PERPETUA_PUBLISHER": "webshop",
            "PERPETUA_PUBLISHER_KEY": key,
        },
    )
    return done.returncode, [msgspec.json.decode(line) for line in done.stdout.splitlines()], done.stderr


def test_node_publishes_by_xadd_and_by_celery_and_reads_its_outcomes(
    examples: Path, signing: Settings, key: str
) -> None:
    shop = [*masters("Grocery"), *documents("Grocery", 4)]
    by_celery = [one | {"number": f"CELERY-{one['number']}"} for one in documents("Grocery", 4, seed=2)]
    order = {"type": "sales_order", "company": "Grocery", "number": "SO-1"}
    with everything_running(signing):
        status, outcomes, said = run(examples, signing, "publish.mjs", shop, key)
        assert (status, len(outcomes)) == (0, len(shop)), (outcomes, said)
        assert {one["status"] for one in outcomes if one["type"] == "purchase_receipt"} == {"posted"}

        status, outcomes, said = run(examples, signing, "celery.mjs", by_celery, key)
        assert status == 0, (outcomes, said)
        assert [(one["number"], one["status"]) for one in outcomes] == [(one["number"], "posted") for one in by_celery]

        # What was sent before is the same document; what the publisher may not send, or does not sign rightly, is told and refused.
        for script in ("publish.mjs", "celery.mjs"):
            status, (outcome,), _ = run(examples, signing, script, [shop[-1]], key)
            assert (status, outcome["status"]) == (0, "posted")
            status, (outcome,), _ = run(examples, signing, script, [order], key)
            assert (status, outcome["error"]["code"]) == (1, "PublisherNotAllowed")
            status, (outcome,), _ = run(examples, signing, script, [shop[-1]], key + "x")
            assert (status, outcome["error"]["code"]) == (1, "WrongSignature")
    assert problems(signing) == []
    said = (signing.home / "processes.log").read_text(encoding="utf-8")
    assert "PublisherNotAllowed" in said
    for hidden in (SECRET, key, key.partition(".")[2]):
        assert hidden not in said


def test_the_shell_lines_of_the_page_make_the_same_signature() -> None:
    require_tool("openssl", shutil.which("openssl"))
    from worker.messages.signature import is_signed_by

    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith("signature="))
    document, at = '{"type":"item","code":"Äpfel, 100%"}', str(int(time.time()))
    told = {"publisher": "webshop", "signed_at": at, "document": document, "key": "0badc0de.a-key"}
    done = subprocess.run(
        ["/bin/sh", "-c", f"{line}\nprintf %s \"$signature\""],
        env=os.environ | told, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert is_signed_by([told["key"]], "webshop", at, document.encode(), done.stdout)
