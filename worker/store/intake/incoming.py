"""What comes to the door of the store, and what goes back."""

from __future__ import annotations

from typing import Literal

import msgspec

ReceiptStatus = Literal[
    "new", "known", "conflict", "rejected", "master", "unchanged", "unreadable", "preview", "barred"
]


class Incoming(msgspec.Struct, gc=False, kw_only=True):
    """A message that has a key, or none at all.

    A document: company, type, number. A master: `is_master`, `number` is its name and `company` `*` where it is shared. A message whose
    key cannot be read has an empty type and number. `error` is the refusal of its shape, as an outcome words it. `preview`: it is only
    asked what the document would change. `barred`: refused at the door, for who sent it; it is kept, and takes no place under the key
    that it states.
    """

    company: str = ""
    type: str = ""
    number: str = ""
    payload: bytes
    content_hash: bytes
    is_master: bool = False
    publisher: str = ""
    message_id: str = ""
    error: dict[str, object] | None = None
    preview: bool = False
    barred: bool = False


class Receipt(msgspec.Struct, gc=False, kw_only=True):
    """What became of a message: new and master were stored, known and unchanged were there already, a preview waits to be answered;
    the rest carry an error.

    `sequence` is the document's place in its company's lane (0 where it has none).
    """

    company: str
    type: str
    number: str
    status: ReceiptStatus
    company_id: int = 0
    sequence: int = 0
    error: dict[str, object] | None = None

    @property
    def rings(self) -> bool:
        """Whether the company's lane may have work now."""
        return self.status in {"new", "known", "master"}
