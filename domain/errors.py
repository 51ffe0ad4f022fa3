"""What can go wrong, in four families that tell the caller what to do next.

Every error carries a stable `code` (catalogued in `error_catalogue`), a message for a person, the `field` it
is about where there is one, and `details` with the figures a reader needs to act.
"""

from __future__ import annotations

from collections.abc import Mapping


class PerpetuaError(Exception):
    """Base of all named errors: `code` is stable, `message` says what, where and what to do."""

    def __init__(self, code: str, message: str, field: str = "", details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details: dict[str, object] = dict(details or {})

    def __reduce__(self) -> tuple[object, ...]:
        # Task queues carry errors from one process to another, and each family takes other arguments.
        return _remade, (type(self), self.args, self.__dict__)

    def as_outcome(self) -> dict[str, object]:
        """The `error` object of an outcome, as the contract words it."""
        return {"code": self.code, "message": self.message, "field": self.field, "details": self.details}


def _remade(family: type[PerpetuaError], args: tuple[object, ...], state: dict[str, object]) -> PerpetuaError:
    error = family.__new__(family, *args)
    error.__dict__.update(state)
    return error


class DocumentRejected(PerpetuaError):
    """The document itself is wrong: never retried."""


class DocumentParked(PerpetuaError):
    """Something the document needs is missing but can still come: retried when `waits_for` clears.

    `waits_for` names the causes, for instance `("item:RM0001",)`; whatever brings one of them releases the document.
    """

    def __init__(
        self,
        code: str,
        message: str,
        waits_for: tuple[str, ...],
        field: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code, message, field, details)
        self.waits_for = waits_for


class Unavailable(PerpetuaError):
    """Infrastructure is away (database, broker, mail): back off and try again, nothing is lost."""


class InvariantBroken(PerpetuaError):
    """A law of the books does not hold: stop and call a person, never guess on."""
