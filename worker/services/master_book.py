"""The masters of one company, as they hold for the document that is being decided."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

from worker.messages import decode_master
from worker.store.database import Rows
from worker.store.intake.masters import (
    changes_since,
    first_sequence_after,
    last_decided_acceptance,
    names_of_kind,
    versions,
)

REMEMBERED = 200_000

Name = tuple[str, str]  # kind and name


class _Version(NamedTuple):
    acceptance: int
    master: object


class _Versions(NamedTuple):
    """All versions of one name, oldest first: the company's own, and the shared ones."""

    own: list[_Version]
    shared: list[_Version]


class MasterBook:
    """Reads masters when they are first asked for and keeps them; a version holds from its place in the order of acceptance on.

    `stamp` says up to which change the answers reach, so that a view of them stays good while it stays the same.
    """

    def __init__(self, company: str, company_id: int) -> None:
        self.company = company
        self.stamp: object = 0
        self._company_id = company_id
        self._moment = 0
        self._known: dict[Name, _Versions] = {}
        self._kinds: dict[str, list[str]] = {}
        self._changes: list[int] = []
        self._seen: int | None = None
        self._connection: Rows | None = None
        self._upcoming: Callable[[], Iterable[Name]] = tuple

    def begin(self, connection: Rows, upcoming: Callable[[], Iterable[Name]]) -> None:
        """Use this transaction from now on, and take notice of what has changed.

        `upcoming` names the masters that the batch's documents are likely to need: asked once something is missing, so that all of them
        are read at once.
        """
        self._connection = connection
        self._upcoming = upcoming
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self.refresh()

    def end_batch(self) -> None:
        """Let go of the batch whose documents were upcoming."""
        self._upcoming = tuple

    def refresh(self) -> None:
        """Take notice of masters accepted since the last look."""
        if self._seen is None:
            # Documents decided from now on lie after the last decided one, so older changes tell nobody apart.
            self._seen = last_decided_acceptance(self._reader, self._company_id)
        for acceptance, kind, name in changes_since(self._reader, self._company_id, self._seen):
            self._changes.append(acceptance)
            self._known.pop((kind, name), None)
            self._kinds.pop(kind, None)
            self._seen = acceptance

    def at(self, moment: int) -> None:
        """Answer from now on as of this place in the order of acceptance."""
        self._moment = moment
        place = bisect_right(self._changes, moment)
        self.stamp = self._changes[place - 1] if place else 0

    def get(self, kind: str, name: str) -> object | None:
        """The master of this kind and name that holds now, the company's own before a shared one; None where there is none."""
        known = self._versions(kind, name)
        for candidates in known:
            for version in reversed(candidates):
                if version.acceptance <= self._moment:
                    return version.master
        return None

    def all(self, kind: str) -> list[object]:
        """Every master of this kind that holds now."""
        names = self._kinds.get(kind)
        if names is None:
            names = self._kinds[kind] = names_of_kind(self._reader, self._company_id, kind)
            self._read((kind, name) for name in names)
        return [master for name in names if (master := self.get(kind, name)) is not None]

    def changes(self, kind: str, name: str, of: Callable[[object], object]) -> list[tuple[int, object]]:
        """What `of` a master has been, oldest first, each with the sequence of the first document that it held for (at first 0)."""
        own, shared = self._versions(kind, name)
        found: list[tuple[int, object]] = []
        for version in own or shared:
            value = of(version.master)
            if version.acceptance <= self._moment and (not found or found[-1][1] != value):
                first = first_sequence_after(self._reader, self._company_id, version.acceptance) if found else 0
                found.append((first, value))
        return found

    def next_version(self, causes: Iterable[str], after: int) -> int | None:
        """The first place after `after` at which one of these (`item:RM0001`) gets a version, as of the last look."""
        places = [
            version.acceptance
            for cause in causes
            for candidates in self._versions(*_name(cause))
            for version in candidates
            if after < version.acceptance <= (self._seen or 0)
        ]
        return min(places, default=None)

    @property
    def _reader(self) -> Rows:
        assert self._connection is not None  # noqa: S101 - begin() comes first
        return self._connection

    def _versions(self, kind: str, name: str) -> _Versions:
        known = self._known.get((kind, name))
        if known is None:
            self._read([(kind, name), *self._upcoming()])
            self._upcoming = tuple
            known = self._known[kind, name]
        return known

    def _read(self, names: Iterable[Name]) -> None:
        missing = {name: _Versions([], []) for name in names if name not in self._known}
        for version in versions(self._reader, self._company_id, missing):
            found = missing[version.kind, version.name]
            own = version.company_id == self._company_id
            (found.own if own else found.shared).append(
                _Version(version.acceptance, decode_master(version.kind, version.payload))
            )
        self._known.update(missing)


def _name(cause: str) -> Name:
    kind, _, name = cause.partition(":")
    return kind, name
