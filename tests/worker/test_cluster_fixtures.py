"""The fixtures that every service test stands on: fresh databases and an empty Valkey, all from one cluster."""

import psycopg
import pytest
import redis

from tests.support.servers import Database, fresh_database
from worker.embedded import Endpoints
from worker.settings import Settings


def test_a_clone_has_the_schema_and_the_restricted_login(database: Database) -> None:
    with psycopg.connect(database.worker_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("perpetua_worker",)
        assert connection.execute("SELECT count(*) FROM document").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE document")


def test_clones_do_not_see_each_other_and_are_dropped(
    cluster: Endpoints, xdist_worker: str, database: Database
) -> None:
    with fresh_database(cluster, xdist_worker) as other:
        with psycopg.connect(other.owner_url) as connection:
            connection.execute("CREATE TABLE only_here (id int)")
        with psycopg.connect(database.owner_url) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    with psycopg.connect(database.admin_url) as connection:
        named = "SELECT datname FROM pg_database WHERE datname IN (%s, %s)"
        assert connection.execute(named, [database.name, other.name]).fetchall() == [(database.name,)]


@pytest.mark.parametrize("turn", [1, 2])
def test_valkey_is_empty_at_the_start_of_every_test(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", turn)


def test_settings_point_at_this_tests_servers(settings: Settings, database: Database, redis_url: str) -> None:
    assert (settings.database_url, settings.redis_url) == (database.worker_url, redis_url)
