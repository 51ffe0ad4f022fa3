"""Goods: units, batches, quantities, counts, production."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

STOCK: dict[str, Entry] = {
    "UnknownUnit": Entry(
        Family.REJECTED,
        "The item has no such unit of measure.",
        "State the conversion factor, or add the unit to the item.",
    ),
    "WarehouseMissing": Entry(
        Family.REJECTED,
        "A stock line names no warehouse and the item has no default.",
        "Name the warehouse on the line.",
    ),
    "RejectedWarehouseMissing": Entry(
        Family.REJECTED,
        "Rejected goods have no warehouse of their own.",
        "Name the rejected warehouse.",
    ),
    "BatchMissing": Entry(
        Family.REJECTED,
        "The item is kept in batches and the line names none.",
        "Name the batch.",
    ),
    "BatchNotWanted": Entry(
        Family.REJECTED,
        "The item has no batches, but the line names one.",
        "Leave the batch out, or give the item batches.",
    ),
    "SerialsNotWanted": Entry(
        Family.REJECTED,
        "The item has no serials, but the line names some.",
        "Leave the serials out, or give the item serials.",
    ),
    "SerialThereAlready": Entry(
        Family.REJECTED,
        "A serial number comes in where it lies already, but it is one unit.",
        "Name the serial number of the unit that really comes in, or take the wrong one out first.",
    ),
    "SerialsDoNotMatch": Entry(
        Family.REJECTED,
        "A line names more or fewer serials than its quantity.",
        "Name one serial for each unit.",
    ),
    "CostBelowZero": Entry(
        Family.REJECTED,
        "Goods would cost less than nothing: a credit among their charges takes more than they cost, or would stay alone on them.",
        "Correct the credit, cancel it before what it takes from, or book what is beyond the goods' cost as income.",
    ),
    "NegativeStock": Entry(
        Family.REJECTED,
        "Stock would fall below zero, now or at a later moment.",
        "Receive the goods first, or issue fewer; the message says where and by how much.",
    ),
    "ValuationRateMissing": Entry(
        Family.REJECTED,
        "Goods leave or come without any rate to value them.",
        "Receive with a rate, set the item's valuation rate, or allow a zero rate on the line.",
    ),
    "PendingReposting": Entry(
        Family.REJECTED,
        "Reposts that reach into this are still pending.",
        "Wait until they are done.",
    ),
    "NothingToReconcile": Entry(
        Family.REJECTED,
        "Every counted line equals the books.",
        "Nothing needs doing; send the lines that differ.",
    ),
    "FinishedItemMissing": Entry(
        Family.REJECTED,
        "A manufacture or repack has no finished line.",
        "Mark the line of the product as finished.",
    ),
    "SeveralFinishedItems": Entry(
        Family.REJECTED,
        "A manufacture has more than one finished item.",
        "Split it, or use repack.",
    ),
    "DisabledItem": Entry(
        Family.REJECTED,
        "The item is disabled.",
        "Use another item, or enable it.",
    ),
    "DisabledWarehouse": Entry(
        Family.REJECTED,
        "The warehouse is disabled.",
        "Use another warehouse, or enable it.",
    ),
    "GroupWarehouse": Entry(
        Family.REJECTED,
        "The warehouse is a group, which holds no stock of its own.",
        "Name one of the warehouses below it.",
    ),
    "CountedTwice": Entry(
        Family.REJECTED,
        "A count names the same item, warehouse and batch twice.",
        "Count it once.",
    ),
    "NothingCounted": Entry(
        Family.REJECTED,
        "A line of a count states neither a quantity nor a rate.",
        "State at least one of them.",
    ),
    "NotAStockItem": Entry(
        Family.REJECTED,
        "The item is not kept in stock.",
        "Leave the line out, or correct the item.",
    ),
    "NothingConsumed": Entry(
        Family.REJECTED,
        "A manufacture or repack makes something out of nothing.",
        "Name what was consumed.",
    ),
    "QuantityMissing": Entry(
        Family.REJECTED,
        "A line of a stock entry has no quantity.",
        "State the quantity.",
    ),
    "WarehousesDoNotFit": Entry(
        Family.REJECTED,
        "The warehouses of a line do not fit the purpose of its stock entry.",
        "State the warehouses that the message asks for.",
    ),
}
