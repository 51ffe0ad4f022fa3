"""What a job of the night is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.bells import Lane
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.nights.slots import NightSlot

Result = dict[str, Any]
Tell = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed job: the company, its slot, and what the other jobs of the night came to, by their names.

    `tell` hears where long work stands.
    """

    tools: Tools
    lane: Lane
    slot: NightSlot
    results: dict[str, Result]
    now: datetime
    tell: Tell | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a turn came to: `result` is kept in the slot. Unfinished it goes on, or, where it `waits`, when it is rung for again.

    `write` is called in the transaction that finishes the slot, so both are done or neither; what it gives joins the result.
    """

    result: Result
    words: str
    finished: bool = True
    waits: bool = False
    write: Callable[[Rows], Result] | None = None


JobOf = Callable[[Work], Step]
