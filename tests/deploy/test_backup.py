"""Backups as `deploy/backup` makes them: books posted, backed up, lost, and brought back as they were at a moment."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.books import dump
from tests.support.lanes import MASTERS, delivery, number_of, post_all, publish, receipt
from tests.support.own_postgres import cluster_running, make_cluster, set_up_books
from tests.support.own_servers import binaries, server_folder
from tests.support.ports import free_port
from tests.support.processes import until
from worker.embedded.account import Account
from worker.store.database import Database
from worker.store.verify import verify

BACKUP = Path(__file__).parents[2] / "deploy" / "backup"


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as made:
        # The scripts are run by the server's own account, which need not be able to read this checkout.
        shutil.copytree(BACKUP, made / "backup")
        (made / "backup").chmod(0o755)
        yield made


def run(folder: Path, programs: Path, script: str, *arguments: object, **environment: str) -> str:
    done = subprocess.run(
        ["/bin/sh", folder / "backup" / script, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "PG_BIN": str(programs), "WAL_ARCHIVE": str(folder / "wal"), **environment},
        capture_output=True, text=True, check=False, cwd=folder, **Account.current().demotion(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def archived(socket: str, folder: Path) -> None:
    """Wait until everything that is in the log up to now is in the archive."""
    with psycopg.connect(socket, autocommit=True) as admin:
        row = admin.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    assert row is not None
    until((folder / "wal" / row[0]).exists)


@pytest.mark.slow
def test_the_books_come_back_as_they_were_at_a_moment_and_go_on(folder: Path) -> None:
    programs, port, password = binaries(folder).postgres, free_port(), secrets.token_urlsafe()
    make_cluster(programs, folder / "data")
    archiving = {"archive_mode": "on", "archive_command": f"/bin/sh {folder}/backup/archive-wal.sh %p %f"}
    later = [receipt("PR-3", 7), delivery("DN-2", 3)]
    with cluster_running(programs, folder / "data", port, archiving, {"WAL_ARCHIVE": str(folder / "wal")}) as socket:
        url = set_up_books(socket, port, password)["worker"]
        with Database(url) as books:
            publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1", 2)])
            post_all(books)
            base = run(
                folder,
                programs,
                "base-backup.sh",
                folder / "base",
                PGHOST=str(folder),
                PGPORT=str(port),
                PGUSER="postgres",
            )
            publish(books, [receipt("PR-2", 5)])
            post_all(books)
            wanted = dump(url)
            with psycopg.connect(socket) as admin:
                row = admin.execute("SELECT clock_timestamp()::text").fetchone()
            assert row is not None
            publish(books, later)
            post_all(books)
            assert dump(url) != wanted
        archived(socket, folder)

    run(folder, programs, "restore.sh", base, folder / "restored", row[0])
    with cluster_running(programs, folder / "restored", port, {}), Database(url) as books:
        assert dump(url) == wanted
        with books.transaction() as connection:
            assert verify(connection, number_of(books)) == []
        # Publishers send again what they sent since, and more: only what is missing is posted.
        again = publish(books, [receipt("PR-2", 5), *later])
        assert [one.status for one in again] == ["known", "new", "new"]
        assert post_all(books).posted == 2
        with books.transaction() as connection:
            assert verify(connection, number_of(books)) == []


def test_an_archived_piece_is_never_overwritten_by_another(folder: Path) -> None:
    piece = folder / "000000010000000000000001"
    piece.write_bytes(b"one")
    piece.chmod(0o644)
    run(folder, folder, "archive-wal.sh", piece, piece.name)
    run(folder, folder, "archive-wal.sh", piece, piece.name)
    piece.write_bytes(b"two")
    with pytest.raises(AssertionError):
        run(folder, folder, "archive-wal.sh", piece, piece.name)
    assert (folder / "wal" / piece.name).read_bytes() == b"one"


def test_nothing_is_restored_over_what_is_there(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").touch()
    with pytest.raises(AssertionError, match="is not empty"):
        run(folder, folder, "restore.sh", folder / "base", folder / "data")
