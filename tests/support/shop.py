"""A small shop's documents, as many as a test wants: the same seed gives the same documents."""

import random
from collections.abc import Iterator
from typing import Any

ITEMS = ("Apple", "Bread", "Cheese")
WAREHOUSES = ("Shop", "Cellar")


def masters(*companies: str) -> list[dict[str, Any]]:
    """The companies with their warehouses, and the items that they share."""
    shared: list[dict[str, Any]] = [
        {"type": "item", "code": item, "valuation_method": method}
        for item, method in zip(ITEMS, ("fifo", "moving_average", "fifo"), strict=True)
    ]
    own: list[dict[str, Any]] = []
    for company in companies:
        own.append({"type": "company", "name": company, "currency": "EUR"})
        own += [{"type": "warehouse", "company": company, "name": name} for name in WAREHOUSES]
    return shared + own


def documents(company: str, count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Receipts and deliveries of one company in the order of their posting times; some deliveries ask for more than there is."""
    choice = random.Random(f"{company} {seed}")
    for place in range(count):
        lines = [
            {"item": choice.choice(ITEMS), "warehouse": choice.choice(WAREHOUSES)} for _ in range(choice.randint(1, 3))
        ]
        receiving = place < 4 or choice.random() < 0.5
        for line in lines:
            line["qty"] = str(choice.randint(1, 20) if receiving else choice.randint(1, 12))
            line["rate"] = f"{choice.randint(100, 999) / 100:.2f}"
        head = {
            "company": company,
            "number": f"{'PR' if receiving else 'DN'}-{place + 1}",
            "posting_datetime": f"2026-03-{1 + place // 1000:02d}T{place // 60 % 16 + 6:02d}:{place % 60:02d}:00Z",
            "lines": lines,
        }
        yield (
            {"type": "purchase_receipt", "supplier": "Farm"}
            if receiving
            else {"type": "delivery_note", "customer": "Ann"}
        ) | head


def key(document: dict[str, Any]) -> tuple[str, str, str]:
    """The key that the outcome of a document or master names."""
    return (
        document.get("company", "*"),
        document["type"],
        document.get("number") or document.get("code") or document["name"],
    )
