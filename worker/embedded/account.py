"""Under whose name the servers run: the user's own, or `nobody` when the user is root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from worker.embedded.endpoints import EmbeddedServerError


class Demotion(TypedDict, total=False):
    """The arguments of subprocess that lay down root's rights."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user of the servers; `uid` is None where no change is needed."""

    uid: int | None
    gid: int | None

    @classmethod
    def current(cls) -> "Account":
        """Choose the account; PostgreSQL refuses root, so root lends its servers to `nobody`."""
        if os.geteuid() != 0:
            return cls(None, None)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            message = (
                "root can't run PostgreSQL itself and this machine has no user 'nobody' to run it as: "
                "run as an ordinary user, or set PERPETUA_DATABASE_URL and PERPETUA_REDIS_URL"
            )
            raise EmbeddedServerError(message) from None
        return cls(nobody.pw_uid, nobody.pw_gid)

    def demotion(self) -> Demotion:
        """Return the arguments with which subprocess starts a child under this account."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a file or folder over to the servers."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
