"""How the desk words values: times, figures, types. Everything is escaped by the templates, never here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, NamedTuple

from worker.reports import Column
from worker.reports.read_model import plain as exact

_TONES: Final = {
    "posted": "good", "published": "good", "open": "good", "closed": "good", "consolidated": "good", "rejected": "bad", "failed": "bad",
    "quarantined": "bad", "parked": "waiting", "accepted": "waiting", "waiting": "waiting", "running": "waiting",
    "paused": "waiting", "cancelled": "quiet", "in_sync": "good", "out_of_sync": "bad", "faulty": "bad", "finished": "good",
    "late": "bad", "claimed": "waiting", "due": "waiting", "signs": "good", "does not sign": "waiting", "revoked": "bad",
}  # fmt: skip


class Cell(NamedTuple):
    """A value of a table: its text, whether it is a figure, where it leads."""

    text: str
    figure: bool = False
    link: str = ""


def tone(status: str) -> str:
    """Whether a status is good, bad, waiting or quiet: colours say it beside the word, never alone."""
    return _TONES.get(status, "quiet")


def plain(name: str) -> str:
    """A type or a column's name as people read it: `purchase receipt`."""
    return name.replace("_", " ")


def heading(name: str) -> str:
    """A name as it stands over a value: its first letter is a capital, the others as they are."""
    return name[:1].upper() + name[1:]


def time(moment: datetime | None, zone: tzinfo = UTC) -> str:
    """A time to the second, in this zone unless it is local already."""
    if moment is None:
        return ""
    if moment.tzinfo is not None:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}{' UTC' if zone is UTC else ''}"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def figure(value: Any) -> str:
    """A number with its thousands set apart; anything else as it is."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return time(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def count(number: int, thing: str) -> str:
    """So many things: `1 receipt`, `1,200 receipts`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def grouped(amount: str) -> str:
    """An amount that was shown already, with its thousands set apart."""
    return f"{Decimal(amount):,f}"


def quantity(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return f"{exact(value):,f}"


def duration(seconds: float | None) -> str:
    """How long something takes: `2 min 5 s`."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def pretty(payload: str) -> str:
    """JSON with its lines indented, its numbers as written; text that is no JSON as it came."""
    try:
        content = json.loads(payload, parse_float=_Verbatim, parse_int=_Verbatim)
    except (ValueError, RecursionError):
        return payload
    return _indented(content, "")


def entries(value: Any) -> list[tuple[str, str]]:
    """The entries of an error's details: name and value as text."""
    if not isinstance(value, dict):
        return []
    return [
        (plain(str(name)), one if isinstance(one, str) else pretty(json.dumps(one)))
        for name, one in value.items()
        if one not in ("", None, [], {})
    ]


def cells(columns: Iterable[Column], row: Iterable[Any]) -> list[Cell]:
    """A report's row as cells of a table."""
    return [Cell(figure(value), column.kind.is_number) for column, value in zip(columns, row, strict=True)]


class _Verbatim(str):
    """A number as it was written: nothing is rounded by showing it."""

    __slots__ = ()


def _indented(value: Any, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{deeper}{_string(name)}: {_indented(one, deeper)}" for name, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{deeper}{_indented(one, deeper)}" for one in value) + f"\n{indent}]"
    return str(value) if isinstance(value, _Verbatim) else json.dumps(value, ensure_ascii=False)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
