"""Whether a command line that a file speaks of is one."""

from collections.abc import Sequence
from typing import Any

from typer.main import get_command

from worker.cli.application import build


def require_command(words: Sequence[object]) -> None:
    """Parse `perpetua WORDS` without running it. Errors: KeyError for a command that there is not, Typer's for an option or a value."""
    command: Any = get_command(build())
    left = [str(word) for word in words]
    while hasattr(command, "commands"):
        command = command.commands[left.pop(0)]
    command.make_context("perpetua", left)
