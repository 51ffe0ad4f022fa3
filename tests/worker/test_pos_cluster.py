"""The sub-ledger on a server in cluster mode, which refuses every call whose keys lie in different slots."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from domain.pos_receipt import PosReceipt
from domain.stock_ledger import Chain
from tests.support.own_servers import binaries, server_folder, serving
from tests.support.ports import free_port
from tests.support.processes import until
from worker.pos_subledger import Subledger, entry_of
from worker.redis_client import connect

APPLE, BREAD = Chain("Apple", "Shelf"), Chain("Bread", "Shelf")


@pytest.fixture
def cluster() -> Iterator[Redis]:
    """One node that has all slots: it minds them as a node of many would."""
    with server_folder() as folder:
        port = free_port()
        command = [
            binaries(folder).valkey, "--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port",
            free_port(), "--dir", folder, "--save", "", "--appendonly", "no",
        ]  # fmt: skip
        with (
            connect(f"redis://127.0.0.1:{port}/0") as redis,
            serving([str(part) for part in command], folder, redis.ping),
        ):
            redis.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            until(lambda: b"cluster_state:ok" in redis.execute_command("CLUSTER", "INFO"))
            yield redis


def test_every_step_of_a_company_stays_on_one_node(cluster: Redis) -> None:
    with pytest.raises(ResponseError, match="same slot"):
        cluster.mset({"perpetua:pos:1:state": "", "perpetua:pos:1:reserved": ""})
    subledger = Subledger(cluster)

    goods = [(APPLE, 2_000_000), (BREAD, 1_000_000)]
    sales = [entry_of(PosReceipt(f"S-{n}", 0, "", [], [], [], [], 400, 500, 500, 0, 0, goods)) for n in range(3)]
    for company in (1, 2):
        subledger.end_rebuild(company, 0)
        wanted = {APPLE: (1_000_000, 9_000_000), BREAD: (1_000_000, 9_000_000)}
        assert subledger.reserve(company, "hold", wanted, stamp=1, milliseconds=60_000).status == "held"
        assert subledger.confirm(company, "hold")
        assert subledger.accept(company, "7", sales) == ["new"] * 3
        assert subledger.release(company, "hold")
        subledger.seal(company, "7")
        assert subledger.drain(company, "7", ["S-0", "S-1"], 2) == 2
        assert subledger.totals(company, "7") == {"sales": 1, "net": 400, "total": 500, "sealed": 1}
        subledger.begin_rebuild(company)
        assert subledger.sessions(company) == []
