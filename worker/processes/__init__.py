"""Everything of `perpetua up` in one terminal: started, watched, restarted, and stopped together."""

from worker.processes.state import AlreadyUpError, ChildState, UpState, request_down, running
from worker.processes.supervisor import ChildCommand, run_up

__all__ = ["AlreadyUpError", "ChildCommand", "ChildState", "UpState", "request_down", "run_up", "running"]
