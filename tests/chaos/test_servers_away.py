"""PostgreSQL or Valkey stopped under running processes: documents wait, and everything goes on by itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.books import dump, undecided
from tests.support.processes import BEAT, INTAKE, log_of, running, until, worker
from tests.support.servers import Database as FreshDatabase
from tests.support.shop import documents, masters
from worker import embedded, routes
from worker.client import Publisher
from worker.embedded import new_throwaway_folder, postgres, valkey
from worker.embedded.account import Account
from worker.embedded.home import Home
from worker.redis_client import connect
from worker.settings import Settings
from worker.store.databases import migrate


@pytest.fixture
def folder() -> Iterator[Home]:
    """The data folder of servers that a test may stop, since nobody else uses them."""
    with embedded.throwaway(new_throwaway_folder()) as endpoints:
        yield Home(endpoints.home, Account.current())


@pytest.fixture
def own_servers(folder: Home, tmp_path: Path) -> Settings:
    """Settings for these servers, migrated."""
    endpoints = embedded.ensure_running(folder.path, durable=False)
    migrate.upgrade(endpoints.owner_database_url)
    return Settings(
        database_url=endpoints.database_url,
        owner_database_url=endpoints.owner_database_url,
        redis_url=endpoints.redis_url,
        broker_url=endpoints.redis_url,
        home=tmp_path,
        lease_seconds=2,
        sweep_seconds=1,
    )


def decided(settings: Settings) -> int:
    return len(dump(str(settings.database_url))["documents"]) - undecided(str(settings.database_url))


def test_while_postgresql_is_stopped_messages_stay_in_the_stream(own_servers: Settings, folder: Home) -> None:
    shop = list(documents("Grocery", 60))
    publisher, server = Publisher(str(own_servers.redis_url)), connect(str(own_servers.redis_url))
    with running(own_servers, INTAKE, worker("worker"), BEAT):
        publisher.submit_many([*masters("Grocery"), *shop[:20]])
        until(lambda: decided(own_servers) == 20 and server.xlen(routes.INTAKE_STREAM) == 0)
        postgres.stop(folder)
        publisher.submit_many(shop[20:])
        until(lambda: "intake waits" in log_of(own_servers.home))
        assert server.xlen(routes.INTAKE_STREAM) == 40
        embedded.ensure_running(folder.path, durable=False)
        until(lambda: decided(own_servers) == 60)
        assert server.xlen(routes.INTAKE_STREAM) == 0
    assert log_of(own_servers.home).count("intake waits; the messages stay in the stream") == 1


def test_after_valkey_was_stopped_everything_goes_on(own_servers: Settings, folder: Home) -> None:
    shop = list(documents("Grocery", 60))
    publisher = Publisher(str(own_servers.redis_url))
    with running(own_servers, INTAKE, worker("worker"), BEAT):
        publisher.submit_many([*masters("Grocery"), *shop[:30]])
        until(lambda: decided(own_servers) == 30)
        valkey.stop(folder)
        until(lambda: "intake waits" in log_of(own_servers.home))
        embedded.ensure_running(folder.path, durable=False)
        publisher.submit_many(shop[30:])
        until(lambda: decided(own_servers) == 60)


def test_a_full_database_leaves_messages_in_the_stream(settings: Settings, database: FreshDatabase) -> None:
    """No room for connections is told apart from no room on disk only by its number: both are of the same class."""
    publisher, server = Publisher(str(settings.redis_url)), connect(str(settings.redis_url))
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        with running(replace(settings, lease_seconds=2), INTAKE):
            publisher.wait(publisher.submit_many(masters("Grocery")))
            until(lambda: server.xlen(routes.INTAKE_STREAM) == 0)
            admin.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
            # Of this database alone: the cluster serves other tests meanwhile.
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'perpetua_worker' AND datname = current_database()"
            )
            publisher.submit_many(documents("Grocery", 10))
            until(lambda: "intake waits" in log_of(settings.home))
            assert server.xlen(routes.INTAKE_STREAM) == 10
            admin.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
            until(lambda: server.xlen(routes.INTAKE_STREAM) == 0)
        assert len(dump(database.worker_url)["documents"]) == 10
