"""Parts of a scenario that nothing has checked yet: taken as far as they have the shape that they should.

What a document says wrongly is refused by the service, by field name, like any publisher's; reading a scenario must not stumble over it.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def objects(value: Any) -> list[Json]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> Json:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A text, else an empty one."""
    return value if isinstance(value, str) else ""
