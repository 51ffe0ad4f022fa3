"""A worker's turn at a lane with a process killed at one step, as a power cut would end it: `python -m tests.support.kill_at STEP before`.

STEP is `module:function` or `module:Class.method`. Just before or just after that step the worker kills itself, or the server whose
number is a third argument, and goes on as far as it gets.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from tests.support.processes import until
from tests.support.till import SHOP
from worker.bells import Lane
from worker.broker import sender
from worker.embedded.process import alive
from worker.services import pos_tallying
from worker.services.lanes import post_lane
from worker.services.tools import open_tools
from worker.settings import from_environment


def main(step: str, when: str, victim: str = "") -> None:
    """Take a turn at the lane of the shop, company 1, and kill the victim, or this process, at this step."""
    owner = kill_at(step, when, int(victim or os.getpid()))
    if owner is pos_tallying:
        # A handful of sales are as many here as would take seconds to sum.
        pos_tallying.MOST_UNTALLIED, pos_tallying.SALES_A_SHEET = 0, 5
    settings = from_environment()
    with open_tools(settings, sender(str(settings.broker_url))) as tools:
        post_lane(tools, Lane(1, SHOP))


def kill_at(step: str, when: str, victim: int) -> Any:
    """Have the victim killed just before or after the first call of this step; gives the module or class that it is a step of."""
    module, _, path = step.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, name, _cut_off(getattr(owner, name), when, victim))
    return owner


def _cut_off(step: Callable[..., Any], when: str, victim: int) -> Callable[..., Any]:
    killed = False

    def cut_off(*arguments: Any, **named: Any) -> Any:
        nonlocal killed
        answer = step(*arguments, **named) if when == "after" or killed else None
        if not killed:
            killed = True
            os.kill(victim, signal.SIGKILL)
            until(lambda: not alive(victim))
            answer = answer if when == "after" else step(*arguments, **named)
        return answer

    return cut_off


if __name__ == "__main__":
    main(*sys.argv[1:])
