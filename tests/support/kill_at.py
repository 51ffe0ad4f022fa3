"""A worker's turn at a lane that ends at one step, as a power cut would end it: `python -m tests.support.kill_at STEP before`.

STEP is `module:function` or `module:Class.method`. The process kills itself just before or just after that step.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from tests.support.till import SHOP
from worker.bells import Lane
from worker.broker import sender
from worker.services.lanes import post_lane
from worker.services.tools import open_tools
from worker.settings import from_environment


def main(step: str, when: str) -> None:
    """Take a turn at the lane of the shop, company 1, with this step cut off."""
    module, _, path = step.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, name, _cut_off(getattr(owner, name), when))
    settings = from_environment()
    with open_tools(settings, sender(str(settings.broker_url))) as tools:
        post_lane(tools, Lane(1, SHOP))


def _cut_off(step: Callable[..., Any], when: str) -> Callable[..., Any]:
    def cut_off(*arguments: Any, **named: Any) -> Any:
        if when == "after":
            step(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return cut_off


if __name__ == "__main__":
    main(*sys.argv[1:])
