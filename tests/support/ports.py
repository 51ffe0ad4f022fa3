"""Ports of loopback for servers that a test starts."""

import contextlib
import secrets
import socket
from typing import Final

# Below those that the system gives to whoever connects: between choosing a port and listening on it, nobody is given it by chance. Chosen
# by real chance, also where a test has seeded `random`, so that two test processes don't meet.
_CHOICE: Final = range(20_000, 32_000)


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = secrets.choice(_CHOICE)
        with contextlib.suppress(OSError):
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
            return first
