"""TLS by settings alone: to PostgreSQL, to Redis and its streams, to the broker, and to who asks for figures."""

import secrets
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as NotConnected

from domain.errors import Unavailable
from tests.support.certificates import Certificates, make_certificates
from tests.support.own_postgres import cluster_running, debians_postgres, make_cluster, set_up_books
from tests.support.own_servers import listening, server_folder, serving
from tests.support.ports import free_port
from tests.support.processes import INTAKE, PATIENCE_SECONDS, running, until
from tests.support.servers import require_tool
from tests.support.whole_way import everything_running, problems, publisher_of, send_shop
from worker.redis_client import connect
from worker.settings import Settings
from worker.store.database import Database


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Servers that speak TLS only, and a certificate authority that has nothing to do with them."""

    database: str
    redis: str
    ours: Certificates
    others: Certificates


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Encrypted]:
    redis_server = require_tool("redis-server with TLS", shutil.which("redis-server"))
    programs = debians_postgres("TLS")
    port, redis_port, password = free_port(), free_port(), secrets.token_urlsafe()
    with server_folder() as folder:
        ours, others = make_certificates(folder), make_certificates(folder, "others")
        make_cluster(programs, folder / "data")
        (folder / "data" / "pg_hba.conf").write_text(
            "hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n", encoding="utf-8"
        )
        options = {
            "ssl": "on",
            "ssl_cert_file": ours.certificate,
            "ssl_key_file": ours.key,
            "ssl_ca_file": ours.authority,
        }
        redis: list[str | Path] = [
            redis_server, "--port", "0", "--tls-port", str(redis_port), "--bind", "127.0.0.1", "--requirepass", password, "--save", "",
            "--tls-cert-file", ours.certificate, "--tls-key-file", ours.key, "--tls-ca-cert-file", ours.authority,
            "--tls-auth-clients", "no", "--dir", folder,
        ]  # fmt: skip
        with (
            cluster_running(programs, folder / "data", port, options) as socket,
            serving(redis, folder, listening(redis_port)),
        ):
            worker = set_up_books(socket, port, password, f"?sslmode=verify-full&sslrootcert={ours.authority}")[
                "worker"
            ]
            yield Encrypted(
                worker, f"rediss://:{password}@127.0.0.1:{redis_port}/0?ssl_ca_certs={ours.authority}", ours, others
            )


@pytest.mark.slow
def test_the_whole_way_runs_encrypted(encrypted: Encrypted, tmp_path: Path) -> None:
    settings = Settings(
        database_url=encrypted.database,
        owner_database_url=encrypted.database,
        redis_url=encrypted.redis,
        broker_url=encrypted.redis,
        home=tmp_path,
    )
    with everything_running(settings):
        assert send_shop(settings)["posted"] > 10
        with Database(encrypted.database) as books, books.transaction() as connection:
            row = connection.execute(
                "SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'perpetua_worker'"
            ).fetchone()
        assert row is not None
        assert row[0] > 1
        assert row[1] is True
    assert problems(settings) == []


def test_a_server_with_a_certificate_that_nobody_believes_is_not_spoken_to(encrypted: Encrypted) -> None:
    database, redis = (
        url.replace(str(encrypted.ours.authority), str(encrypted.others.authority))
        for url in (encrypted.database, encrypted.redis)
    )
    with (
        Database(database) as books,
        pytest.raises(Unavailable, match="certificate verify failed"),
        books.transaction(),
    ):
        pass
    with connect(redis) as server, pytest.raises(NotConnected, match="CERTIFICATE_VERIFY_FAILED"):
        server.ping()
    with pytest.raises(Unavailable):
        publisher_of(Settings(redis_url=redis, broker_url=redis, home=Path("/"))).submit(
            {"type": "company", "name": "A", "currency": "EUR"}
        )


def test_nobody_is_let_in_without_tls(encrypted: Encrypted) -> None:
    plain = encrypted.database.partition("?")[0] + "?sslmode=disable"
    with (
        Database(plain) as books,
        pytest.raises(Unavailable, match=r"no pg_hba\.conf entry|no encryption"),
        books.transaction(),
    ):
        pass
    with connect(encrypted.redis.partition("?")[0].replace("rediss:", "redis:")) as server, pytest.raises(NotConnected):
        server.ping()


@pytest.mark.slow
def test_figures_are_told_over_tls_where_there_is_a_certificate(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make_certificates(tmp_path)
    own = replace(settings, metrics_port=free_port())
    monkeypatch.setenv("PERPETUA_METRICS_PORT", str(own.metrics_port))
    monkeypatch.setenv("PERPETUA_TLS_CERTIFICATE", str(made.certificate))
    monkeypatch.setenv("PERPETUA_TLS_KEY", str(made.key))
    believing = ssl.create_default_context(cafile=str(made.authority))
    address = f"https://127.0.0.1:{own.metrics_port}"

    def alive() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/live", timeout=PATIENCE_SECONDS, context=believing) as answer:  # noqa: S310 - our own loopback
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    with running(own, INTAKE):
        until(alive)
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{address}/metrics", timeout=PATIENCE_SECONDS)  # noqa: S310 - our own loopback
