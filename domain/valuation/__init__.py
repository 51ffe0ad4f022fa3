"""Valuation: one file per method, the same verbs in each.

`receive(balance, qty, value, receipt)`, `take(balance, qty)`, `take_at_rate(balance, qty, rate)`, `end_rate(balance)`,
`take_back(balance, receipt, qty, cost)`, `count(balance, qty, value, receipt)`, `add_value(balance, receipt, received_qty, value)`,
`covers(balance, qty)`; `LAYERED`: whether goods of different receipts are kept apart. Quantities in millionths, values at nine
decimals. The verbs know layers only; `chain` adds booking, shortages and the last known cost.
"""
