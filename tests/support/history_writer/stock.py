"""What happens inside the company: goods in, out, across and transformed, counts, and the stock it opened with."""

from __future__ import annotations

from tests.support.history_writer.pen import BATCHED, Json, Pen


class Stock:
    """Stock entries and counts."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def _entry(self, purpose: str, lines: list[Json], costs: bool = False) -> Json:
        pen, more = self.pen, Json()
        if costs and pen.chance(0.5):
            cost: Json = {"account": "Expenses Included In Valuation", "amount": pen.money(1, 500)}
            if foreign := pen.foreign():
                cost = {"account": cost["account"], "amount": pen.money(1, 500, foreign), **foreign}
            more["additional_costs"] = [cost]
        if purpose in ("material_receipt", "material_issue") and pen.chance(0.1):
            more["difference_account"] = "Write Off"
        return {**pen.head("stock_entry", "SE"), "purpose": purpose, "lines": lines, **more}

    def material_receipt(self) -> Json:
        """Goods found or made elsewhere: at a stated rate, at none, or at the rate in force."""
        pen, lines = self.pen, list[Json]()
        for _ in range(pen.random.randint(1, 2)):
            line = pen.coming(where="to")
            if pen.chance(0.7):
                line["rate"] = pen.rate(1, 30)
            lines.append(line)
        return self._entry("material_receipt", lines, costs=True)

    def material_issue(self) -> Json:
        """Goods used up, now and then of a layer that is named by its rate."""
        line = self.pen.lying(where="from")
        if self.pen.chance(0.2):
            line["rate"] = self.pen.rate(1, 30)
        return self._entry("material_issue", [line])

    def transfer(self) -> Json | None:
        """Goods from one warehouse to another; sometimes two lines of them, sometimes on and back in one document."""
        pen = self.pen
        if len(pen.setting.warehouses) < 2:
            return None
        lines = []
        for _ in range(pen.random.randint(1, 2)):
            line = pen.lying(where="from")
            others = [place for place in pen.setting.warehouses if place != line["from"]]
            lines.append({**line, "to": pen.random.choice(others)})
        return self._entry("material_transfer", lines, costs=True)

    def _made(self, *, scrap: bool, finished: int, priced: bool) -> list[Json]:
        pen = self.pen
        inputs = [pen.lying(where="from") for _ in range(pen.random.randint(1, 2))]
        goods = [item for item in pen.setting.items if item != "SERIAL"]
        outputs = []
        for item in pen.random.sample(goods, min(finished, len(goods))):
            made = {**pen.coming(12, where="to", item=item), "finished": True}
            if priced:
                made["basic_amount"] = pen.money(1, 3_000)
            outputs.append(made)
        if scrap:
            outputs.append({**pen.coming(1, where="to", item=pen.random.choice(goods)), "rate": "1", "scrap": True})
        return inputs + outputs

    def manufacture(self) -> Json | None:
        """Several things become one, and some scrap."""
        return self._entry("manufacture", self._made(scrap=self.pen.chance(0.5), finished=1, priced=False), costs=True)

    def repack(self) -> Json | None:
        """Goods become others; what each is worth is given, or goes by quantity."""
        made = self._made(scrap=False, finished=self.pen.random.randint(1, 2), priced=self.pen.chance(0.3))
        return self._entry("repack", made, costs=True)

    def count(self) -> Json:
        """A physical count: quantity, rate, or both; its difference account is stated, so that it does not hang on what came before."""
        counted = {}
        for _ in range(self.pen.random.randint(1, 2)):
            line = self._counted()
            counted[line["item"], line["warehouse"], line.get("batch")] = line
        head = self.pen.head("stock_reconciliation", "SR")
        return {**head, "difference_account": "Stock Adjustment", "lines": list(counted.values())}

    def _counted(self) -> Json:
        pen = self.pen
        found = pen.lying(2)
        line: Json = {key: found[key] for key in ("item", "warehouse", "batch") if key in found}
        kind = pen.random.randrange(3)
        if line["item"] == "SERIAL":
            line |= {"serials": found["serials"], "qty": "1"}
        elif kind != 1:
            line["qty"] = str(pen.random.randint(0, 15))
        if kind != 0:
            line["rate"] = pen.rate(1, 30)
        return line

    def opening(self) -> Json | None:
        """Stock that the company began with."""
        pen = self.pen
        items = [item for item in pen.setting.items if item != "SERIAL"]
        if not items:
            return None
        line: Json = {"item": pen.random.choice(items), "warehouse": pen.place()}
        if line["item"] in BATCHED:
            line["batch"] = f"{line['item']}-{pen.random.randint(1, 2)}"
        line |= {"qty": str(pen.random.randint(1, 20)), "rate": pen.rate(1, 30)}
        return {**pen.head("stock_reconciliation", "OS"), "purpose": "opening_stock", "lines": [line]}
