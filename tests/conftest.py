"""Fixtures for every test that needs real servers."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support.servers import Database, clean_redis, fresh_database, shared_cluster
from worker.embedded import Endpoints
from worker.settings import Settings
from worker.store.database import Database as Store


def pytest_configure() -> None:
    """Forget the servers that whoever runs the tests has configured: no test may ever touch those."""
    for name in [name for name in os.environ if name.startswith("PERPETUA_") and name != "PERPETUA_REQUIRE_TOOLS"]:
        del os.environ[name]
    # How long an example takes says how busy the machine is, not whether its property holds.
    hypothesis.settings.register_profile("unhurried", hypothesis.settings(), deadline=None)
    hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def xdist_worker(request: pytest.FixtureRequest) -> str:
    """Name this test process: gw0, gw1, ..., or master where there is only one."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "master"))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, xdist_worker: str) -> Iterator[Endpoints]:
    """Real PostgreSQL and Valkey, one cluster for the whole run."""
    own = tmp_path_factory.getbasetemp()
    with shared_cluster(own if xdist_worker == "master" else own.parent) as endpoints:
        yield endpoints


@pytest.fixture
def database(cluster: Endpoints, xdist_worker: str) -> Iterator[Database]:
    """A fresh database with the present schema."""
    with fresh_database(cluster, xdist_worker) as fresh:
        yield fresh


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """The same database as the worker reaches it."""
    with Store(database.worker_url) as opened:
        yield opened


@pytest.fixture
def redis_url(cluster: Endpoints, xdist_worker: str) -> str:
    """An empty logical database of Valkey, this test process's own."""
    return clean_redis(cluster, xdist_worker)


@pytest.fixture
def settings(database: Database, redis_url: str, tmp_path: Path) -> Settings:
    """Settings that point every service at this test's database and Valkey."""
    return Settings(
        database_url=database.worker_url,
        owner_database_url=database.owner_url,
        redis_url=redis_url,
        broker_url=redis_url,
        home=tmp_path,
    )
