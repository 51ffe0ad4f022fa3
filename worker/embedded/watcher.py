"""The process that outlives the users of throw-away servers, to stop them: python -m worker.embedded.watcher FOLDER."""

import sys
from pathlib import Path

from worker.embedded.cluster import watch

if __name__ == "__main__":
    watch(Path(sys.argv[1]))
