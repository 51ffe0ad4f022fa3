"""The house is kept tidy: small files, a README in every room, nothing left half-done, nothing of one machine."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "scheduler", "worker")
LONGEST_FILE = 400
TOP = {"pyproject.toml", "domain", "worker", "scheduler", "tests", "deploy", "README.md", "Makefile"}
# Generated or copied as a whole, and read by programs rather than people.
DATA_SUFFIXES = {".ndjson", ".json", ".lock", ".csv", ".svg", ".png"}
BINARY_FLOAT = re.compile(r"\bfloat\(")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|NotImplemented[E]rror)\b")


def tracked() -> list[Path]:
    """Files of the project: those that git knows or would add."""
    git = shutil.which("git")
    assert git is not None, "the tidy tests ask git which files are the project's: install git"
    listing = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).is_file()]


def python_of_rooms() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_top_level_is_as_agreed() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP


def test_every_room_says_what_it_is_for() -> None:
    # The rooms, and those floors of a room that are packages.
    packages = {path.parent for room in ROOMS for path in (ROOT / room).rglob("__init__.py")}
    rooms = {path for path in packages if len(path.relative_to(ROOT).parts) <= 2}
    assert [str(path.relative_to(ROOT)) for path in sorted(rooms) if not (path / "README.md").exists()] == []


def test_a_rooms_readme_fits_one_screen() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for room in ROOMS
        for path in (ROOT / room).rglob("README.md")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 60
    }
    assert long == {}


def test_every_package_is_typed() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "py.typed").exists()] == []


def test_files_are_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_of_rooms()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_nothing_is_left_half_done() -> None:
    code = {path for path in tracked() if path.suffix in {".py", ".sql", ".lua", ".toml", ".html"}}
    assert found(UNFINISHED, sorted(code - {Path(__file__).resolve()})) == []


def test_money_is_never_a_binary_float() -> None:
    assert found(BINARY_FLOAT, sorted((ROOT / "domain").rglob("*.py"))) == []


def test_only_the_command_line_prints() -> None:
    quiet = [path for path in python_of_rooms() if path.relative_to(ROOT).parts[:2] != ("worker", "cli")]
    assert found(re.compile(r"(?<![\w.])print\("), quiet) == []


def test_no_exception_is_swallowed_unseen() -> None:
    assert found(re.compile(r"except(?:\s+(?:Base)?Exception)?\s*:\s*(?:pass)?$"), python_of_rooms()) == []


def test_the_project_speaks_of_itself_alone() -> None:
    text = [path for path in tracked() if path.suffix not in DATA_SUFFIXES and path != Path(__file__)]
    of_a_machine = re.compile(r"/root/|/wor[k]/|/home/(?!ada\b)\w+/")
    assert found(of_a_machine, [path for path in text if _is_text(path)]) == []


def test_the_lock_names_no_registry_and_hashes_everything() -> None:
    lock = (ROOT / ".requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:index-url|extra-index-url|find-links)", lock)
    pinned = re.findall(r"^[\w.-]+==\S+.*?(?=^[\w.-]+==|\Z)", lock, flags=re.MULTILINE | re.DOTALL)
    assert len(pinned) > 40
    assert all("--hash=sha256:" in entry for entry in pinned)


def test_the_lock_holds_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    # One extra may name another of this project's own.
    names = {re.split(r"[\[<>=]", line)[0].lower() for line in wanted} - {project["name"]}
    locked = re.findall(r"^([\w.-]+)==", (ROOT / ".requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert names - set(locked) == set(), "run make lock"


def _is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:4096]
