"""What Python itself would write to standard error, past the logging: errors that nobody caught, wherever they come up, and warnings."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

log = logging.getLogger(__name__)


def through_the_logging() -> None:
    """From now on this process, its threads and the children that it forks log those like everything else: in one form, without secrets."""
    sys.excepthook = _main_thread
    threading.excepthook = _thread
    sys.unraisablehook = _unraisable
    logging.captureWarnings(capture=True)


def _main_thread(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        log.info("the process was interrupted")
        return
    log.critical("the process ends by an error that nobody caught", exc_info=(kind, error, traceback))


def _thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or issubclass(ended.exc_type, SystemExit):
        return
    name = ended.thread.name if ended.thread is not None else "that is gone"
    log.critical(
        "the thread %s ends by an error that nobody caught",
        name,
        exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
    )


def _unraisable(ignored: sys.UnraisableHookArgs) -> None:
    if ignored.exc_value is None:
        return
    log.error(
        "%s: %r",
        ignored.err_msg or "an error where nobody could catch it",
        ignored.object,
        exc_info=(ignored.exc_type, ignored.exc_value, ignored.exc_traceback),
    )
