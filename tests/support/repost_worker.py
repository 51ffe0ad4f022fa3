"""A process that posts and reposts for a company as long as it is let: `python -m tests.support.repost_worker URL COMPANY ROLE`.

It takes small steps and says so after each, so that a test can kill it between any two of them. A `runner` goes on when it is told to by
a line: however slow the test is, the runner is never far ahead of it.
"""

import sys
import time

from worker.services.posting import drain
from worker.services.reposting import run_pending, running
from worker.store.database import Database

SLICE_ROWS = 300


def main(url: str, company: int, role: str) -> None:
    """Take steps until killed; a `runner` ends when nothing waits any more."""
    running.SLICE_ROWS = SLICE_ROWS
    with Database(url) as database:
        while True:
            if role == "poster":
                drain(database, company, limit_documents=3)
            else:
                summary = run_pending(database, company, seconds=0, chunk_seconds=0, direct_rows=20)
                sys.stdout.write(f"{summary.rows}\n")
                sys.stdout.flush()
                if role == "runner":
                    if not summary.more or not sys.stdin.readline():
                        return
                    continue
            time.sleep(0.002)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
