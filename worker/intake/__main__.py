"""`python -m worker.intake`: the intake process, for the environment's settings."""

from worker.intake.process import run
from worker.servers import connect
from worker.settings import from_environment

if __name__ == "__main__":
    run(connect(from_environment()))
