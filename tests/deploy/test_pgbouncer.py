"""PgBouncer in transaction mode, with the settings in `deploy/pgbouncer`: the whole way, with fewer connections than processes."""

import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.support.own_servers import listening, server_folder, serving
from tests.support.ports import free_port
from tests.support.servers import Database as FreshDatabase
from tests.support.servers import require_tool
from tests.support.whole_way import everything_running, problems, send_shop
from worker.embedded.account import Account
from worker.settings import Settings
from worker.store.databases import migrate

INI = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"
CONNECTIONS = 3


@pytest.fixture
def pooled(database: FreshDatabase, settings: Settings) -> Iterator[Settings]:
    """Settings whose every connection to PostgreSQL goes through a pool of a few."""
    program = require_tool("pgbouncer", shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"))
    owner, worker = urlsplit(database.owner_url), urlsplit(database.worker_url)
    port = free_port()
    config = ConfigParser(interpolation=None)
    config.read(INI, encoding="utf-8")
    config["databases"] = {database.name: f"host=127.0.0.1 port={worker.port} dbname={database.name}"}
    with server_folder() as folder:
        config["pgbouncer"].update({
            "listen_addr": "127.0.0.1", "listen_port": str(port), "auth_file": str(folder / "userlist.txt"),
            "default_pool_size": str(CONNECTIONS), "reserve_pool_size": "0", "unix_socket_dir": "",
        })  # fmt: skip
        users = "".join(f'"{url.username}" "{url.password}"\n' for url in (owner, worker))
        (folder / "userlist.txt").write_text(users, encoding="utf-8")
        with (folder / "pgbouncer.ini").open("w", encoding="utf-8") as file:
            config.write(file)
        for file_name in ("userlist.txt", "pgbouncer.ini"):
            Account.current().own(folder / file_name)
        with serving([program, folder / "pgbouncer.ini"], folder, listening(port)):
            yield replace(
                settings,
                database_url=through(worker.geturl(), port),
                owner_database_url=through(owner.geturl(), port),
            )


def through(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))


@pytest.mark.slow
def test_the_whole_way_runs_through_a_pool_of_a_few_connections(pooled: Settings, database: FreshDatabase) -> None:
    migrate.upgrade(str(pooled.owner_database_url))
    with everything_running(pooled):
        sent = [send_shop(pooled, company) for company in ("Grocery", "Garden", "Fuel")]
        assert min(shop["posted"] for shop in sent) > 10
        with psycopg.connect(database.admin_url) as admin:
            row = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'perpetua_worker' AND datname = current_database()"
            ).fetchone()
        assert row is not None
        assert 0 < row[0] <= CONNECTIONS
    assert problems(pooled) == []
