"""Workers on several machines, one of them cut off in the middle of its work and one killed: every document is posted once."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.machines import Machine, machines
from tests.support.own_postgres import cluster_running, make_cluster, set_up_books
from tests.support.own_servers import binaries, listening, server_folder, serving
from tests.support.ports import free_port
from tests.support.processes import BEAT, INTAKE, environment, kill, log_of, until
from tests.support.shop import documents, masters
from tests.support.whole_way import problems, publisher_of
from worker import routes
from worker.cli.children import worker_command
from worker.settings import Settings

COMPANIES = ("Grocery", "Garden", "Fuel", "Tools")
# A server that waits for a client which is gone holds its locks: these let it notice (scaling.md).
NOTICING = {"tcp_keepalives_idle": 2, "tcp_keepalives_interval": 1, "tcp_keepalives_count": 3, "tcp_user_timeout": "5s"}


def start_there(machine: Machine, settings: Settings, *commands: tuple[str, ...]) -> list[subprocess.Popen[bytes]]:
    """Start processes on a machine, with the servers' addresses as seen from there."""
    own = replace(
        settings,
        database_url=str(settings.database_url).replace("127.0.0.1", machine.server),
        owner_database_url=str(settings.owner_database_url).replace("127.0.0.1", machine.server),
        redis_url=str(settings.redis_url).replace("127.0.0.1", machine.server),
        broker_url=str(settings.broker_url).replace("127.0.0.1", machine.server),
    )
    with (settings.home / "processes.log").open("ab") as log:
        return [
            subprocess.Popen(
                machine.command(sys.executable, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | environment(own),
            )
            for command in commands
        ]  # fmt: skip


def vouchers(settings: Settings) -> Counter[str]:
    """How many documents of each company are decided."""
    with psycopg.connect(str(settings.database_url)) as connection:
        found = connection.execute(
            "SELECT company, count(*) FROM books.document_status WHERE status IN ('posted', 'rejected') GROUP BY 1"
        ).fetchall()
    return Counter(dict(found))


@pytest.mark.parametrize("each", [60, pytest.param(1500, marks=pytest.mark.drill)])
@pytest.mark.slow
def test_every_document_is_posted_once_whatever_happens_to_machines(each: int, tmp_path: Path) -> None:
    password, port, door = secrets.token_urlsafe(), free_port(), free_port()
    with machines(3) as (cut, killed, lasting), server_folder() as folder, contextlib.ExitStack() as servers:
        programs = binaries(folder)
        make_cluster(programs.postgres, folder / "data")
        with (folder / "data" / "pg_hba.conf").open("a", encoding="utf-8") as access:
            access.write("host all all 10.0.0.0/8 scram-sha-256\n")
        addresses = ["127.0.0.1", *(machine.server for machine in (cut, killed, lasting))]
        options = {"listen_addresses": ",".join(addresses), **NOTICING}
        socket = servers.enter_context(cluster_running(programs.postgres, folder / "data", port, options))
        urls = set_up_books(socket, port, password)
        command: list[str | Path] = [
            programs.valkey, "--port", str(door), "--bind", *addresses, "--requirepass", password, "--save", "", "--tcp-keepalive", "5",
        ]  # fmt: skip
        servers.enter_context(serving(command, folder, listening(door)))
        redis_url = f"redis://:{password}@127.0.0.1:{door}/0"
        settings = Settings(
            database_url=urls["worker"], owner_database_url=urls["worker"], redis_url=redis_url, broker_url=redis_url, home=tmp_path,
            lane_batch=10, intake_batch=20, lease_seconds=2, sweep_seconds=1,
        )  # fmt: skip
        worker = tuple(worker_command(settings, "one", [*routes.QUEUES, routes.UNNAMED], 2).argv[1:])
        processes = [
            *start_there(cut, settings, INTAKE, worker),
            *(doomed := start_there(killed, settings, INTAKE, worker, BEAT)),
            *start_there(lasting, settings, INTAKE, worker, BEAT),
        ]
        publisher = publisher_of(settings)
        try:
            receipts = publisher.submit_many(masters(*COMPANIES))
            streams = [list(documents(company, each)) for company in COMPANIES]
            receipts += publisher.submit_many(
                document for batch in zip(*(s[: each // 2] for s in streams), strict=True) for document in batch
            )
            until(lambda: sum(vouchers(settings).values()) > 10)
            cut.cut_off()
            for process in doomed:
                os.killpg(process.pid, signal.SIGKILL)
            receipts += publisher.submit_many(
                document for batch in zip(*(s[each // 2 :] for s in streams), strict=True) for document in batch
            )
            outcomes = publisher.wait(receipts, seconds=240)
            # The one that comes back finds its work done, and takes part again.
            cut.reconnect()
            receipts = publisher.submit_many(document for s in streams for document in s)
            assert len(publisher.wait(receipts, seconds=240)) == each * len(COMPANIES)
        except BaseException:
            sys.stderr.write(log_of(settings.home)[-5000:])
            raise
        finally:
            for process in processes:
                kill(process)
        assert {outcome["status"] for outcome in outcomes.values()} <= {"posted", "rejected", "accepted"}
        assert vouchers(settings) == dict.fromkeys(COMPANIES, each)
        assert problems(settings) == []
