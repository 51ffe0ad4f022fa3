"""What every document is written with: small choices, numbers that fit the currency, goods, and posting times that never meet."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

Json = dict[str, Any]

WAREHOUSES = ("Store", "Shop", "Depot")
PLAIN = ("FIRST", "LAST", "MEAN")
BATCHED = ("BATCH", "POOL")
CURRENCIES = {0: "JPY", 2: "EUR", 3: "KWD"}
_DECIMALS = {"JPY": 0, "EUR": 2, "USD": 2, "KWD": 3}


@dataclass
class Setting:
    """What a history's company is like; `kinds` are the documents it knows (all of them where none is named)."""

    precision: int = 2
    negatives: bool = False
    kinds: tuple[str, ...] = ()
    items: tuple[str, ...] = (*PLAIN, *BATCHED, "SERIAL")
    warehouses: tuple[str, ...] = WAREHOUSES
    backdated: bool = True
    whole: bool = False
    rate_difference: str = "revalue"
    perpetual: bool = True
    provisional: bool = False


class Pen:
    """The documents so far, and the choices that the next one is made of."""

    def __init__(self, random: Random, setting: Setting) -> None:
        self.random, self.setting = random, setting
        self.documents: list[Json] = []
        self._times: set[int] = set()
        self._homes: list[tuple[str, str]] = []  # serial numbers, and where they came in

    def add(self, document: Json | None) -> None:
        """Keep a document."""
        if document is not None:
            self.documents.append({"company": "Paper", **document})

    def head(self, type_: str, prefix: str, after: Json | None = None) -> Json:
        """A type, a number, and a posting time that no other document has: later than `after` where that is given."""
        low = _minute(after) + 1 if after else 0
        if not self.setting.backdated and self._times:
            low = max(low, max(self._times) + 1)
        minute = low + self.random.randrange(40 if not self.setting.backdated else 20_000)
        while minute in self._times:
            minute += 1
        self._times.add(minute)
        at = f"2026-{1 + minute // 40_320:02d}-{1 + minute // 1440 % 28:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
        head: Json = {"type": type_, "number": f"{prefix}-{len(self.documents) + 1}", "posting_datetime": at}
        if self.chance(0.1) and type_ not in ("cancel", "payment_entry", "warehouse", "item"):
            head |= {"cost_center": "North", "dimensions": {"project": self.random.choice(("Mill", "Dam"))}}
        return head

    def wait_until(self, minute: int) -> None:
        """Let time be no earlier than this minute of the year."""
        self._times.add(minute)

    def wait(self, minutes: int) -> None:
        """Let time go on."""
        self._times.add(max(self._times) + minutes)

    def chance(self, part: float) -> bool:
        """Whether something happens that does so in this part of all cases."""
        return self.random.random() < part

    def rate(self, least: int, most: int) -> str:
        """A rate with as many decimals as the currency has (two more now and then: rates may be finer)."""
        if self.setting.whole:
            return str(self.random.randint(least, most))
        decimals = self.setting.precision + (2 if self.chance(0.3) else 0)
        return decimal(self.random.randint(least * 10**decimals, most * 10**decimals), decimals)

    def money(self, least: int, most: int, terms: Json | None = None) -> str:
        """An amount of so many minor units of the company's currency, or of the one that the terms state; never zero."""
        code = (terms or {}).get("currency", CURRENCIES[self.setting.precision])
        return decimal(self.random.randint(least, most) or 5, _DECIMALS[code])

    def qty(self, most: int = 12) -> str:
        """A quantity, mostly whole."""
        return str(self.random.randint(1, most)) if self.chance(0.8) else decimal(self.random.randint(1, 99), 1)

    def part_of(self, qty: str) -> str:
        """All of a quantity, or some of it."""
        if self.setting.whole or self.chance(0.5) or "." in qty:
            return qty
        return str(self.random.randint(1, int(qty)))

    def foreign(self) -> Json:
        """Another currency now and then: with as many decimals as the company's own, or with fewer or more."""
        if self.setting.whole or self.chance(0.75):
            return {}
        others = [code for code in ("USD", "USD", "JPY", "KWD") if code != CURRENCIES[self.setting.precision]]
        return {"currency": self.random.choice(others), "exchange_rate": self.exchange_rate()}

    def exchange_rate(self) -> str:
        """What a unit of another currency is worth today."""
        return decimal(self.random.randint(80, 130), 2)

    def place(self) -> str:
        """A warehouse."""
        return self.random.choice(self.setting.warehouses)

    def lying(self, most: int = 12, *, where: str = "warehouse") -> Json:
        """Goods that leave, and from where (`where` names the field): serial numbers mostly from where they came in."""
        place = self.place()
        item = self.random.choice(self.setting.items)
        if item != "SERIAL":
            return {**self._told(item, most), where: place}
        serial, home = self.random.choice(self._homes) if self._homes else ("S1", place)
        return {"item": item, "qty": "1", "serials": [serial], where: home if self.chance(0.7) else place}

    def coming(self, most: int = 20, *, where: str = "warehouse", item: str | None = None) -> Json:
        """Goods that come in, and where to."""
        place = self.place()
        item = item or self.random.choice(self.setting.items)
        if item != "SERIAL":
            return {**self._told(item, most), where: place}
        numbers = [f"S{len(self._homes) + n}" for n in range(1, self.random.randint(1, 3) + 1)]
        self._homes += [(number, place) for number in numbers]
        return {"item": item, "qty": str(len(numbers)), "serials": numbers, where: place}

    def _told(self, item: str, most: int) -> Json:
        goods: Json = {"item": item, "qty": self.qty(most)}
        if item in BATCHED:
            goods["batch"] = f"{item}-{self.random.randint(1, 2)}"
        elif self.chance(0.1):
            goods |= {"qty": str(self.random.randint(1, 2)), "uom": "Box"}
            if self.chance(0.3):
                goods["conversion_factor"] = "2.5"
        return goods

    def some_of(self, line: Json) -> Json:
        """All or part of another document's line, as a line that takes it back (negative)."""
        kept = ("item", "warehouse", "rate", "batch", "serials", "uom", "conversion_factor")
        back = {key: value for key, value in line.items() if key in kept}
        if "serials" in line:
            back["serials"] = self.random.sample(line["serials"], self.random.randint(1, len(line["serials"])))
            return {**back, "qty": f"-{len(back['serials'])}"}
        part = self.part_of(line["qty"])
        if "rejected_qty" in line and self.chance(0.5):
            rejected = self.random.randint(1, int(line["rejected_qty"]))
            back |= {"rejected_qty": f"-{rejected}", "rejected_warehouse": line["rejected_warehouse"]}
        if line.get("uom") == "Box" and "conversion_factor" not in line and self.chance(0.5):
            return {**back, "uom": "Piece", "qty": f"-{self.random.randint(1, 12 * int(part))}"}
        return {**back, "qty": f"-{part}"}

    def earlier(self, *types: str, **having: Any) -> Json | None:
        """Some earlier document of these types whose fields are these (None: not stated); no returns."""
        found = [
            d
            for d in self.documents
            if d["type"] in types and not d.get("is_return") and all(d.get(k) == v for k, v in having.items())
        ]
        return self.random.choice(found) if found else None


def decimal(units: int, decimals: int) -> str:
    """A number of units of so many decimals, as text."""
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    digits = digits.rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def _minute(document: Json) -> int:
    at = document["posting_datetime"]
    month, day, hour, minute = int(at[5:7]), int(at[8:10]), int(at[11:13]), int(at[14:16])
    return (month - 1) * 40_320 + (day - 1) * 1440 + hour * 60 + minute
