"""Seals on tasks: what the system's own processes ask of each other, told from what a publisher's login to the broker may send.

Whoever may write to a queue of the broker can name any task there. So where publishers have to sign, each task that is not for them must
bear a seal, made over its whole message from the installation's secret, which no publisher knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from celery import Celery
from celery.app.amqp import AMQP
from kombu.serialization import dumps

from worker import routes
from worker.settings import Settings
from worker.signing_secret import signing_secret

HEADER: Final = "perpetua_seal"
_PURPOSE: Final = b"perpetua task 1"
_FOLLOWERS: Final = ("callbacks", "errbacks", "chain", "chord")


class Seal:
    """Makes and checks seals with the secret of these settings; without one it makes none, and none holds."""

    def __init__(self, settings: Settings) -> None:
        self.required = settings.signing == "required"
        self._settings = settings
        self._secret: bytes | None = None

    def over(self, name: str, task_id: str, body: bytes) -> str | None:
        """The seal of a task: its name, its id, and the very bytes of its arguments; None without a secret."""
        secret = self._known()
        if secret is None:
            return None
        return hmac.digest(secret, b"\n".join((_PURPOSE, name.encode(), task_id.encode(), body)), "sha256").hex()

    def refusal(self, headers: Mapping[str, Any], body: str | bytes, embedded: Mapping[str, Any]) -> str | None:
        """Why a task that came by the broker is not to be run, None where it is; `embedded` is what its body holds beside arguments."""
        if not self.required:
            return None
        name, raw = str(headers["task"]), body.encode() if isinstance(body, str) else bytes(body)
        seal, stated = self.over(name, str(headers["id"]), raw), str(headers.get(HEADER) or "")
        if seal is not None and hmac.compare_digest(seal.encode(), stated.encode()):
            return None
        if name not in routes.FOR_PUBLISHERS:
            return f"{name} is no task for publishers, and its message bears no seal of this installation"
        if any(where.get(follower) for where in (headers, embedded) for follower in _FOLLOWERS):
            # The worker itself would send them, under its own seal.
            return f"{name} names tasks that are to follow it, which no publisher may"
        return None

    def _known(self) -> bytes | None:
        if self._secret is None:
            secret = signing_secret(self._settings)
            # A key of its own, so that no seal could ever be a publisher's key or signature.
            self._secret = None if secret is None else hmac.digest(secret.encode(), _PURPOSE, "sha256")
        return self._secret


class SealingAMQP(AMQP):
    """Celery's own way to write a message, with a seal."""

    def as_task_v2(self, task_id: str, name: str, *arguments: Any, **options: Any) -> Any:
        """Write a task's message."""
        message = super().as_task_v2(task_id, name, *arguments, **options)
        seal = cast("SealedCelery", self.app).seal()
        if seal is not None:
            _, _, body = dumps(message.body, self.app.conf.task_serializer)
            made = seal.over(name, task_id, body.encode())
            if made is not None:
                message.headers[HEADER] = made
        return message


class SealedCelery(Celery):
    """A Celery app whose messages bear the installation's seal; `seal` is asked for at the first message."""

    amqp_cls = f"{SealingAMQP.__module__}:{SealingAMQP.__qualname__}"

    def __init__(self, *arguments: Any, seal: Callable[[], Seal | None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seal = seal
