"""Which commands there are, and whether a command line that a file speaks of is one."""

from collections.abc import Iterator, Sequence
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


def options_of_commands() -> dict[tuple[str, ...], set[str]]:
    """The options of each command, by its path: ("documents", "list") is `perpetua documents list`."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], set[str]]]:
        if hasattr(command, "commands"):
            for name, below in command.commands.items():
                yield from walk(below, (*path, name))
        else:
            yield path, {option for parameter in command.params for option in parameter.opts}

    return dict(walk(get_command(build()), ()))
