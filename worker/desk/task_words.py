"""What Flower hears of tasks: a publisher's own Celery tells the arguments as they are, which may be whole documents."""

from __future__ import annotations

from typing import Any

from flower.events import Events
from tornado.ioloop import IOLoop


class WordedEvents(Events):  # type: ignore[misc]
    """Keeps of a task that was sent everything but its arguments: the worker that receives it tells them in words."""

    def __init__(self, celery: Any, **options: Any) -> None:
        super().__init__(celery, io_loop=IOLoop.current(), **options)

    def on_event(self, event: dict[str, Any]) -> None:
        """Take an event, from the thread that listens."""
        if event.get("type") == "task-sent":
            event = {name: value for name, value in event.items() if name not in ("args", "kwargs")}
        super().on_event(event)
