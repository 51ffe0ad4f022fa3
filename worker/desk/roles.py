"""What a user of the desk may do. Everybody who can log in may read; each other thing is a role of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """One thing that a user may be allowed to do."""

    READ = "read"
    OPERATE = "operate"
    ACCEPT = "accept"
    CLOSE = "close"
    CANCEL = "cancel"
    ADMINISTER = "administer"


MEANINGS: Final[dict[Role, str]] = {
    Role.READ: "see every page (everybody who can log in)",
    Role.OPERATE: "edit, dry-run, retry and release documents; pause, resume and rank reposts; close tills",
    Role.ACCEPT: "accept a proposed journal entry of a reconciliation",
    Role.CLOSE: "close and reopen accounting periods",
    Role.CANCEL: "cancel posted documents",
    Role.ADMINISTER: "revoke publishers and retire their keys; Flower's own controls: revoke tasks, stop workers, grow and shrink pools",
}
