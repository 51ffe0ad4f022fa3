"""The desk's process: `python -m worker.desk`."""

from worker.desk.process import main

main()
