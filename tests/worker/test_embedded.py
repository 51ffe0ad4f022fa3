"""The embedded servers: started once, shared, found again, recovered, stopped, and never open without a password."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.own_servers import ASKED_ONCE
from tests.support.processes import PATIENCE_SECONDS
from worker import embedded
from worker.embedded import EmbeddedServerError, Endpoints, ServerStatus, cluster, process
from worker.embedded.account import Account
from worker.embedded.binaries import Binaries, locate
from worker.embedded.home import Home

ENSURE = "import sys, pathlib; from worker import embedded; print(embedded.ensure_running(pathlib.Path(sys.argv[1])).database_url)"


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder outside pytest's own, which root's servers couldn't enter; nothing of it is left."""
    place = embedded.new_throwaway_folder()
    try:
        yield place
    finally:
        embedded.stop(place)
        subprocess.run(["/bin/rm", "-rf", str(place)], check=True)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A data folder in which nothing was ever started."""
    with data_folder() as place:
        yield place


@pytest.fixture(scope="module")
def begun() -> Iterator[Path]:
    """A data folder whose servers were started for the first time, which takes seconds, and stopped again."""
    with data_folder() as place:
        embedded.ensure_running(place)
        embedded.stop(place)
        yield place


@pytest.fixture
def home(begun: Path) -> Iterator[Path]:
    """A data folder that was used before, and is this test's own."""
    with data_folder() as place:
        subprocess.run(["/bin/cp", "-a", f"{begun}/.", str(place)], check=True)
        yield place


def servers(home: Path) -> dict[str, ServerStatus]:
    return {server.name: server for server in embedded.status(home)}


def pids(home: Path) -> dict[str, int | None]:
    return {name: server.pid for name, server in servers(home).items()}


def kill_and_wait(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert process.wait_until(lambda: not process.alive(pid), PATIENCE_SECONDS)


def write_a_row(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.owner_database_url) as connection:
        connection.execute("CREATE TABLE kept (line text)")
        connection.execute("INSERT INTO kept VALUES ('a voucher')")


def read_the_row(endpoints: Endpoints) -> object:
    with psycopg.connect(endpoints.owner_database_url) as connection:
        return connection.execute("SELECT line FROM kept").fetchone()


def test_first_start_serves_both_and_keeps_data_over_a_stop(empty: Path) -> None:
    first = embedded.ensure_running(empty)
    write_a_row(first)
    with redis.Redis.from_url(first.redis_url) as client:
        client.xadd("perpetua:intake", {"document": "{}"})
        assert client.config_get("appendonly")["appendonly"] == "yes"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"

    assert embedded.stop(empty)
    assert pids(empty) == {"postgresql": None, "valkey": None}
    assert not embedded.stop(empty)

    again = embedded.ensure_running(empty)
    assert again == first
    assert read_the_row(again) == ("a voucher",)
    with redis.Redis.from_url(again.redis_url) as client:
        assert client.xlen("perpetua:intake") == 1


def test_a_second_start_finds_the_running_servers(home: Path) -> None:
    first = embedded.ensure_running(home)
    before = pids(home)
    assert embedded.ensure_running(home) == first
    assert pids(home) == before


def test_two_commands_at_once_share_one_pair_of_servers(empty: Path) -> None:
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", ENSURE, str(empty)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    answers = [command.communicate(timeout=PATIENCE_SECONDS) for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], answers
    assert {out.strip() for out, _ in answers} == {embedded.ensure_running(empty).database_url}


def test_the_servers_outlive_the_command_that_started_them_however_it_ended(home: Path) -> None:
    script = f"{ENSURE}; sys.stdout.flush(); import time; time.sleep(600)"
    command = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    answered = command.stdout.readline().strip()
    command.kill()
    command.communicate()
    before = pids(home)
    assert None not in before.values()
    assert embedded.ensure_running(home).database_url == answered
    assert pids(home) == before


def test_killed_servers_are_started_again_with_everything_committed(home: Path) -> None:
    first = embedded.ensure_running(home)
    write_a_row(first)
    for pid in pids(home).values():
        kill_and_wait(pid)
    again = embedded.ensure_running(home)
    assert again == first
    assert read_the_row(again) == ("a voucher",)


def test_a_server_whose_installation_was_removed_is_started_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = locate(Home(home.resolve(), Account.current()))
    with data_folder() as checkout:
        checkout.chmod(0o755)  # root's servers enter it as another user
        subprocess.run(["/bin/cp", "-a", str(installed.postgres.parent), str(checkout)], check=True)
        copied = Binaries(checkout / installed.postgres.parent.name / "bin", installed.valkey)
        monkeypatch.setattr(cluster, "locate", lambda _: copied)
        write_a_row(embedded.ensure_running(home))
        left = pids(home)["postgresql"]
    monkeypatch.undo()
    again = embedded.ensure_running(home)
    assert pids(home)["postgresql"] not in (None, left)
    assert read_the_row(again) == ("a voucher",)
    with psycopg.connect(again.owner_database_url) as connection:
        connection.execute("DO $$ BEGIN NULL; END $$")  # the language is a file of the installation


def test_a_stale_pid_file_that_names_a_living_stranger_is_seen_through(home: Path) -> None:
    first = embedded.ensure_running(home)
    embedded.stop(home)
    account = Account.current()
    stranger = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **account.demotion())
    try:
        port = first.database_url.rpartition(":")[2].partition("/")[0]
        stale = home / "postgres" / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{home / 'postgres'}\n{int(time.time())}\n{port}\n", encoding="utf-8")
        account.own(stale)
        (home / "valkey" / "valkey.pid").write_text(str(stranger.pid), encoding="utf-8")
        assert pids(home) == {"postgresql": None, "valkey": None}
        assert not embedded.stop(home)
        assert embedded.ensure_running(home) == first
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_chosen_anew_and_kept(home: Path) -> None:
    first = embedded.ensure_running(home)
    old = {name: server.port for name, server in servers(home).items()}
    embedded.stop(home)
    with contextlib.ExitStack() as squatters:
        for port in old.values():
            squatter = squatters.enter_context(socket.create_server(("127.0.0.1", port or 0), reuse_port=False))
            assert squatter.getsockname()[1] == port
        second = embedded.ensure_running(home)
        new = {name: server.port for name, server in servers(home).items()}
        assert not set(new.values()) & set(old.values())
        assert second != first
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop(home)
    assert embedded.ensure_running(home) == second


def test_an_interrupted_first_start_is_done_again(empty: Path) -> None:
    unfinished = empty / "postgres.new-of-before"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18", encoding="utf-8")
    with psycopg.connect(embedded.ensure_running(empty).database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not list(empty.glob("postgres.new-*"))


def test_nobody_enters_without_the_password(home: Path) -> None:
    endpoints = embedded.ensure_running(home)
    for url in (endpoints.database_url, endpoints.owner_database_url, endpoints.admin_database_url):
        role = url.partition("//")[2].partition(":")[0]
        address = url.rpartition("@")[2]
        for attempt in (f"postgresql://{role}@{address}", f"postgresql://{role}:guess@{address}"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(attempt)
    with psycopg.connect(endpoints.admin_database_url) as connection:
        rules = connection.execute("SELECT type, address, auth_method, error FROM pg_hba_file_rules").fetchall()
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL").fetchall()
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    assert rules == [("host", "127.0.0.1", "scram-sha-256", None)]
    assert all(str(verifier).startswith("SCRAM-SHA-256$") for (verifier,) in stored)

    port = servers(home)["valkey"].port
    with (
        redis.Redis(host="127.0.0.1", port=port or 0, retry=ASKED_ONCE) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_the_passwords_are_readable_by_their_owner_alone_and_stand_on_no_command_line(home: Path) -> None:
    endpoints = embedded.ensure_running(home)
    secret = (home / "passwords.json").stat()
    assert secret.st_mode & 0o777 == 0o600
    assert secret.st_uid == os.geteuid()
    passwords = [
        url.partition("//")[2].partition("@")[0].partition(":")[2]
        for url in (endpoints.redis_url, endpoints.database_url)
    ]
    for pid in pids(home).values():
        shown = process.command_line(pid or 0)
        assert shown
        assert not any(password in shown for password in passwords)
    assert not any(password in repr(endpoints) for password in passwords)


def test_the_worker_is_a_restricted_role(home: Path) -> None:
    endpoints = embedded.ensure_running(home)
    with psycopg.connect(endpoints.database_url) as connection:
        rights = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert rights == ("perpetua_worker", False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE of_my_own (id int)")


def test_every_trouble_is_one_clear_line(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match=r"can't be used \(.*\): set PERPETUA_HOME") as refused:
        embedded.ensure_running(tmp_path / "file")
    assert "\n" not in str(refused.value)

    with monkeypatch.context() as patch:
        patch.setattr("worker.embedded.home.DISK_NEEDED_BYTES", 1 << 60)
        with pytest.raises(EmbeddedServerError, match=r"MB left and the servers need .* free some"):
            embedded.ensure_running(home)

    with monkeypatch.context() as patch:
        patch.setattr("platform.machine", lambda: "abacus")
        with pytest.raises(
            EmbeddedServerError, match=r"no valkey-server for this platform .*abacus.* set PERPETUA_DATABASE_URL"
        ):
            embedded.ensure_running(home)

    embedded.ensure_running(home)
    embedded.stop(home)
    (home / "postgres" / "postgresql.conf").write_text(
        "include 'perpetua.conf'\nno_such_setting = 1\n", encoding="utf-8"
    )
    with pytest.raises(
        EmbeddedServerError, match=r"PostgreSQL does not start: .*postgresql\.conf.* contains errors"
    ) as refused:
        embedded.ensure_running(home)
    assert "\n" not in str(refused.value)
    (home / "postgres" / "postgresql.conf").write_text("include 'perpetua.conf'\n", encoding="utf-8")

    (home / "postgres" / "PG_VERSION").write_text("14\n", encoding="utf-8")
    with pytest.raises(EmbeddedServerError, match="was made by PostgreSQL 14, and the installed one is 18"):
        embedded.ensure_running(home)

    (home / "passwords.json").unlink()
    with pytest.raises(EmbeddedServerError, match=r"passwords\.json is missing"):
        embedded.ensure_running(home)


def test_throwaway_servers_end_with_their_last_user_and_leave_nothing() -> None:
    place = embedded.new_throwaway_folder()
    script = (
        "import sys, pathlib, time; from worker import embedded\n"
        "with embedded.throwaway(pathlib.Path(sys.argv[1])) as endpoints:\n"
        "    print(endpoints.database_url, flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(place)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    shared = other.stdout.readline().strip()
    with embedded.throwaway(place) as endpoints:
        assert endpoints.database_url == shared
        other.kill()
        other.communicate()
        running = pids(place)
        time.sleep(0.3)
        assert pids(place) == running
        assert None not in running.values()
    assert process.wait_until(lambda: not place.exists(), PATIENCE_SECONDS)
    assert not any(process.alive(pid) for pid in running.values() if pid is not None)
