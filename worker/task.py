"""The one Task base: what a task works with, what happens when it fails, what is logged and counted."""

import os
import time
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import structlog
from celery import Task
from celery.exceptions import SecurityError
from celery.worker.request import Request
from celery.worker.state import task_ready

from domain.errors import InvariantBroken, Unavailable
from worker.messages import read_key
from worker.messages.text import is_name
from worker.services.tools import Tools
from worker.task_seal import Seal
from worker.task_words import words_of
from worker.telemetry.counters import TASK_SECONDS, TASKS

log = structlog.get_logger()

NAMED = 5


class GuardedRequest(Request):
    """A task as a worker receives it: refused where it has no business here, its arguments in words wherever they are told."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._argsrepr = self.request_dict["argsrepr"] = words_of(self.args, self.kwargs)
        self._kwargsrepr = self.request_dict["kwargsrepr"] = ""
        self._refusal = self._find_refusal()

    def _find_refusal(self) -> str | None:
        request: Any = self  # Celery's types leave out what every request has
        seal: Seal | None = request.app.seal()
        _, _, embedded = request._payload  # noqa: SLF001 - ours, by inheritance
        return None if seal is None else seal.refusal(self.request_dict, request._message.body, embedded or {})  # noqa: SLF001

    def revoked(self) -> bool:
        """Whether it is not to be run: what Celery asks before it hands a task to a process."""
        if self._refusal is None:
            return bool(super().revoked())
        log.error("a task is refused", task=self.task_name, task_id=self.id, reason=self._refusal)
        TASKS.labels(self.task_name, "REFUSED").inc()
        # Without the request, so that nothing is sent that was to follow it.
        self.task.backend.mark_as_failure(self.id, SecurityError(self._refusal))
        self.send_event("task-failed", exception=self._refusal, traceback="")
        task_ready(self)
        self.acknowledge()
        return True


class PerpetuaTask(Task):  # type: ignore[type-arg]
    """Behaviour by error family: infrastructure that is away is waited for, a broken law of the books pages a person.

    Celery's own retries stay below a minute, well within the broker's visibility timeout: a longer countdown would be delivered again
    while it still counts. Whatever outlasts them is taken up by the sweeper.
    """

    abstract = True
    Request = f"{GuardedRequest.__module__}:{GuardedRequest.__qualname__}"
    autoretry_for = (Unavailable,)
    max_retries = 5
    retry_backoff = 1
    retry_backoff_max = 30
    retry_jitter = True

    open_tools: ClassVar[Callable[[], Tools]]
    _begun = 0.0  # a process runs one task at a time
    _opened: ClassVar[tuple[int, Tools] | None] = None

    @property
    def tools(self) -> Tools:
        """The connections of this process."""
        return self.prepare_process()

    @staticmethod
    def prepare_process() -> Tools:
        """Open this process's connections unless it has its own already: none may cross a fork."""
        if PerpetuaTask._opened is None or PerpetuaTask._opened[0] != os.getpid():
            PerpetuaTask._opened = (os.getpid(), PerpetuaTask.open_tools())
        return PerpetuaTask._opened[1]

    def before_start(self, task_id: str, *_: Any) -> None:
        """Give every log line of the task its name and id."""
        structlog.contextvars.bind_contextvars(task=self.name, task_id=task_id)
        self._begun = time.monotonic()

    def on_failure(self, exc: Exception, _: str, args: Any, __: Any, einfo: Any) -> None:
        """Log by family: what only a person can mend is critical."""
        level = "critical" if isinstance(exc, InvariantBroken) else "error"
        getattr(log, level)("task failed", reason=str(exc), **_about(args), traceback=str(einfo))

    def tell_progress(self, progress: dict[str, Any], words: str) -> None:
        """Say where long work stands: to whoever asks for the task's result, and to Flower, in words."""
        if not self.ignore_result:
            self.update_state(state="PROGRESS", meta=progress)
        self.send_event("task-progress", result=words)

    def on_retry(self, exc: Exception, *_: Any) -> None:
        """Say what is waited for."""
        TASKS.labels(self.name, "RETRY").inc()
        log.warning("task waits and tries again", reason=str(exc), attempt=self.request.retries + 1)
        structlog.contextvars.clear_contextvars()

    def after_return(self, status: str, *_: Any) -> None:
        """Count and time the task."""
        TASKS.labels(self.name, status).inc()
        TASK_SECONDS.labels(self.name).observe(time.monotonic() - self._begun)
        structlog.contextvars.clear_contextvars()


def _about(arguments: Any) -> dict[str, Any]:
    """What a task was called with, as far as it is anybody's business: documents by their keys, the rest as it is."""
    documents = [part for argument in arguments for part in (argument if isinstance(argument, list) else [argument])]
    keys = [key for key in map(_key, documents) if key is not None]
    if keys:
        return {"documents": [dict(zip(("company", "type", "number"), key, strict=True)) for key in keys[:NAMED]]}
    return {"arguments": [argument for argument in arguments if isinstance(argument, int) or _is_word(argument)]}


def _is_word(argument: object) -> bool:
    return is_name(argument) and not str(argument).lstrip().startswith(("{", "["))


def _key(document: object) -> tuple[str, str, str] | None:
    raw = document if isinstance(document, str) else msgspec.json.encode(document)
    return read_key(raw.encode() if isinstance(raw, str) else raw)
