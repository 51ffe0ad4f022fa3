"""Functions of ours in Redis or Valkey: each call is one step in the server that no other can come between."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError


class Library:
    """A file of functions, loaded by whoever calls one first that the server does not know.

    In the file VERSION stands for a hash of its text: servers outlive programs, so each program calls the functions that it was
    written with.
    """

    def __init__(self, package: str, file: str, name: str) -> None:
        source = files(package).joinpath(file).read_text("utf-8")
        version = sha256(source.encode()).hexdigest()[:12]
        self._source = source.replace("VERSION", version)
        self._name = f"{name}_{version}"

    def call(self, redis: Redis, function: str, keys: Sequence[str], *arguments: Any) -> Any:
        """What a function answers. Errors: those of redis."""
        called = (f"{self._name}_{function}", len(keys), *keys, *arguments)
        try:
            return redis.fcall(*called)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        # A server that was started anew, or has taken over, may not know the functions yet.
        redis.function_load(self._source, replace=True)
        return redis.fcall(*called)
