"""A worker's turn at a night with the process killed at one step of its look: `python -m tests.support.kill_look STEP before MOMENT`.

Steps are named as for `kill_at`; the moment is when the night's work is done. Chunks and small books are so small that a handful of
documents are large books.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime

from tests.support.kill_at import kill_at
from tests.support.till import SHOP
from worker.bells import Lane
from worker.broker import sender
from worker.services.nightly import work
from worker.services.reconciliation import anew
from worker.services.tools import open_tools
from worker.settings import from_environment

CHUNK_ROWS = 4


def main(step: str, when: str, moment: str) -> None:
    """Take turns at the night of the shop, company 1, until killed, or until nothing is left to do."""
    kill_at(step, when, os.getpid())
    anew.CHUNK_ROWS, anew.SMALL_ROWS = CHUNK_ROWS, 0
    settings = from_environment()
    with open_tools(settings, sender(str(settings.broker_url))) as tools:
        work(tools, Lane(1, SHOP), datetime.fromisoformat(moment))


if __name__ == "__main__":
    main(*sys.argv[1:])
