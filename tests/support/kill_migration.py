"""`perpetua migrate ...` with the process killed at one step: `python -m tests.support.kill_migration STEP WHEN apply --plan 1`.

Steps are named as for `kill_at`; `never` in the place of WHEN lets it run to its end.
"""

from __future__ import annotations

import os
import sys

from tests.support.kill_at import kill_at
from worker.cli.application import build


def main(step: str, when: str, *arguments: str) -> None:
    """Run the command as the terminal does."""
    if when != "never":
        kill_at(step, when, os.getpid())
    build()(["migrate", *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
