"""Beat as this system stops it: wherever it is, by leaving, and never by a traceback."""

import signal
from types import FrameType
from typing import NoReturn

from celery.apps import beat
from celery.beat import Service


class Beat(beat.Beat):
    """Celery's beat, whose signal handler does no work of its own."""

    def install_sync_handler(self, service: Service) -> None:  # noqa: ARG002 - the signature is the base class's
        """End on SIGTERM and SIGINT, from whatever is being done.

        Celery's handler first closes the scheduler, also one that is only being made: it then imports once more what is half
        imported, and a beat that is stopped while it starts ends by a traceback. Ours keeps no schedule on disk; its loop closes what
        is open on the way out.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)


def _leave(_: int, __: FrameType | None) -> NoReturn:
    raise SystemExit
