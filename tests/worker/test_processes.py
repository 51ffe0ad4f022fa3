"""`perpetua up`: children in one terminal, restarted when they crash, stopped together, visible from another terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_SECONDS
from worker import embedded
from worker.embedded import process
from worker.processes import request_down, running
from worker.processes.supervisor import child_environment
from worker.settings import Settings

UP = """
import pathlib, sys
from worker.processes import AlreadyUpError, ChildCommand, run_up
from worker.settings import Settings
home = pathlib.Path(sys.argv[1])
url = sys.argv[2] or None
settings = Settings(home=home, database_url=url, redis_url=url and "redis://:secret@127.0.0.1:1/0")
commands = [ChildCommand(f"child{i}", [sys.executable, "-c", script]) for i, script in enumerate(sys.argv[3:])]
try:
    run_up(settings, commands, prepare=lambda ready: print("prepared", ready.database_url is not None, flush=True))
except AlreadyUpError as error:
    sys.exit(str(error))
"""
CONFIGURED = "postgresql://somebody:secret@127.0.0.1:1/none"
PATIENT = "import time; print('ready'); time.sleep(600)"


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that is left with nothing running."""
    place = embedded.new_throwaway_folder()
    try:
        yield place
    finally:
        request_down(place)
        embedded.stop(place)
        subprocess.run(["/bin/rm", "-rf", str(place)], check=True)


def up(home: Path, *scripts: str, url: str = CONFIGURED) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", UP, str(home), url, *scripts],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(terminal: "subprocess.Popen[str]", wanted: str) -> list[str]:
    assert terminal.stdout is not None
    lines = []
    for line in terminal.stdout:
        lines.append(line.rstrip())
        if wanted in line:
            return lines
    pytest.fail(f"{wanted!r} was never said: {lines}")


def child_pids(home: Path) -> list[int]:
    state = running(home)
    assert state is not None
    return [child.pid for child in state.children if child.pid is not None]


def test_lines_are_prefixed_and_down_from_another_terminal_stops_all(home: Path) -> None:
    terminal = up(home, PATIENT, "import time; print('a\\nb'); time.sleep(600)")
    said = read_until(terminal, "child1 | b")
    assert said[0] == "prepared True"
    assert "child1 | a" in said
    if not any("child0 | ready" in line for line in said):
        read_until(terminal, "child0 | ready")
    children = child_pids(home)
    assert len(children) == 2

    assert request_down(home)
    assert terminal.wait(timeout=PATIENCE_SECONDS) == 0
    assert not any(process.alive(pid) for pid in children)
    assert running(home) is None
    assert not request_down(home)
    terminal.communicate()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_everything_in_order(home: Path, sign: signal.Signals) -> None:
    orderly = (
        "import signal, sys, time\n"
        "def leave(*_): print('left in order'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave); print('ready'); time.sleep(600)"
    )
    terminal = up(home, orderly)
    read_until(terminal, "ready")
    terminal.send_signal(sign)
    rest, _ = terminal.communicate(timeout=PATIENCE_SECONDS)
    assert "child0 | left in order" in rest
    assert terminal.returncode == 0


def test_a_crashed_child_is_started_again(home: Path) -> None:
    terminal = up(home, "import sys; print('trying'); sys.exit(3)", PATIENT)
    read_until(terminal, "child0 ended with exit status 3; starting it again in 1 s")
    said = read_until(terminal, "starting it again in 2 s")
    assert any("child0 | trying" in line for line in said)
    state = running(home)
    assert state is not None
    assert [child.restarts >= 1 for child in state.children] == [True, False]
    request_down(home)
    terminal.communicate(timeout=PATIENCE_SECONDS)


def test_a_child_that_ignores_the_request_is_ended_with_all_that_it_started(home: Path) -> None:
    deaf = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.fork(); os.write(1, b'one of two: %d\\n' % os.getpid()); time.sleep(600)"
    )
    impatient = UP.replace("home = ", "import worker.processes.supervisor as s; s.STOP_PATIENCE_SECONDS = 0.5\nhome = ")
    terminal = subprocess.Popen(
        [sys.executable, "-c", impatient, str(home), CONFIGURED, deaf], stdout=subprocess.PIPE, text=True
    )
    said = read_until(terminal, "one of two") + read_until(terminal, "one of two")
    family = [int(line.rpartition(": ")[2]) for line in said if "one of two" in line]
    assert len(family) == 2
    terminal.send_signal(signal.SIGTERM)
    rest, _ = terminal.communicate(timeout=PATIENCE_SECONDS)
    assert "some did not stop in time and are ended" in rest
    assert process.wait_until(lambda: not any(process.alive(pid) for pid in family), PATIENCE_SECONDS)


def test_a_second_up_is_refused_with_what_to_do(home: Path) -> None:
    terminal = up(home, PATIENT)
    read_until(terminal, "ready")
    second = up(home, PATIENT)
    said, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    assert f"Perpetua is already up on {home} (process {terminal.pid}): use it, or stop it with perpetua down" in said
    request_down(home)
    terminal.communicate(timeout=PATIENCE_SECONDS)


def test_children_of_a_killed_up_are_ended_by_the_next(home: Path) -> None:
    terminal = up(home, PATIENT)
    read_until(terminal, "ready")
    orphans = child_pids(home)
    terminal.kill()
    terminal.communicate()
    assert all(process.alive(pid) for pid in orphans)
    assert running(home) is None

    again = up(home, PATIENT)
    read_until(again, "ready")
    assert not any(process.alive(pid) for pid in orphans)
    again.kill()
    again.communicate()
    assert request_down(home)
    assert (home / "up.json").exists() is False


def test_embedded_servers_come_up_first_are_revived_and_go_down_last(home: Path) -> None:
    script = "import os, time; print('found', os.environ['PERPETUA_DATABASE_URL'].partition('@')[2]); time.sleep(600)"
    terminal = up(home, script, url="")
    read_until(terminal, "found 127.0.0.1:")
    valkey = embedded.status(home)[1]
    os.kill(valkey.pid or 0, signal.SIGKILL)
    read_until(terminal, "an embedded server has ended; starting it again")
    assert process.wait_until(lambda: embedded.status(home)[1].running, PATIENCE_SECONDS)
    assert embedded.status(home)[1].pid != valkey.pid
    terminal.send_signal(signal.SIGINT)
    terminal.communicate(timeout=PATIENCE_SECONDS)
    assert terminal.returncode == 0
    assert not any(server.running for server in embedded.status(home))


def test_children_never_see_the_owners_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_OWNER_DATABASE_URL", "postgresql://owner:secret@db/perpetua")
    environment = child_environment(
        Settings(
            home=tmp_path,
            database_url="postgresql://worker:w@db/perpetua",
            owner_database_url="postgresql://owner:secret@db/perpetua",
            redis_url="redis://cache/0",
        )
    )
    assert environment["PERPETUA_DATABASE_URL"] == "postgresql://worker:w@db/perpetua"
    assert environment["PERPETUA_REDIS_URL"] == "redis://cache/0"
    assert not any("owner" in value for name, value in environment.items() if name.startswith("PERPETUA_"))
