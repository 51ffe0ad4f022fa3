"""A PostgreSQL cluster of a test's own: made, started, with the roles of `deploy/postgresql/roles.sql` and a migrated database."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from tests.support.own_servers import serving
from tests.support.servers import require_tool
from worker.embedded.account import Account
from worker.store.databases import migrate

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"


def debians_postgres(ability: str) -> Path:
    """The folder of a PostgreSQL that was built with what the embedded one is not: TLS, ICU."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return Path(require_tool(f"postgresql with {ability}", str(found[-1]) if found else None)).parent


def make_cluster(programs: Path, data: Path) -> None:
    """Make an empty cluster whose superuser, postgres, needs no password on its socket."""
    made = subprocess.run(
        [programs / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"],
        capture_output=True, text=True, check=False, cwd=data.parent, env={"LC_ALL": "C"}, **Account.current().demotion(),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr


@contextlib.contextmanager
def cluster_running(
    programs: Path, data: Path, port: int, options: Mapping[str, object], environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run it with these settings; gives the address of its superuser."""
    folder = data.parent
    command: list[str | Path] = [programs / "postgres", "-D", data]
    own = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", **options}
    for name, value in own.items():
        command += ["-c", f"{name}={value}"]
    socket = f"host={folder} port={port} user=postgres dbname=postgres"
    with serving(command, folder, lambda: _accepts(socket), environment=environment):
        yield socket


ALL_ROLES = ("owner", "worker", "reader", "publisher", "auditor")


def set_up_books(socket: str, port: int, password: str, query: str = "", *, options: str = "") -> dict[str, str]:
    """Make the roles and a migrated database `perpetua`; gives the URL of each role."""
    with psycopg.connect(socket, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE perpetua {options}".encode())
    with psycopg.connect(socket.replace("dbname=postgres", "dbname=perpetua"), autocommit=True) as admin:
        for _ in range(2):  # once more changes nothing
            admin.execute(ROLES.read_text(encoding="utf-8").encode())
        for role in ALL_ROLES:
            admin.execute(f"ALTER ROLE perpetua_{role} PASSWORD '{password}'".encode())
    urls = {role: f"postgresql://perpetua_{role}:{password}@127.0.0.1:{port}/perpetua{query}" for role in ALL_ROLES}
    migrate.upgrade(urls["owner"])
    return urls


def _accepts(socket: str) -> bool:
    with psycopg.connect(socket) as connection:
        row = connection.execute("SELECT NOT pg_is_in_recovery()").fetchone()
    return row == (True,)
