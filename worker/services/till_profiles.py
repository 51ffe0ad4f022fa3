"""The profiles of tills as they are now: a company's own before shared ones."""

from __future__ import annotations

from domain.masters import PosProfile
from worker.messages import decode_accepted
from worker.store.database import Rows
from worker.store.intake.masters import newest_of_kind
from worker.store.names.companies import SHARED_COMPANY


class Profiles:
    """Every company's profiles, read in one go."""

    def __init__(self, connection: Rows) -> None:
        self._by_owner: dict[int, dict[str, PosProfile]] = {}
        for owner, payload in newest_of_kind(connection, "pos_profile"):
            profile = decode_accepted(payload)
            if isinstance(profile, PosProfile):
                self._by_owner.setdefault(owner, {})[profile.name] = profile

    def of(self, company: int) -> dict[str, PosProfile]:
        """The profiles that a company's tills may have, by name."""
        return self._by_owner.get(SHARED_COMPANY, {}) | self._by_owner.get(company, {})
