"""Posted documents as later ones see them: present values, general ledger, and what points at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.books import Link, PostedVoucher
from domain.general_ledger import Entry
from domain.posting_time import instant
from domain.stock_ledger import Basis, Chain, Difference, DifferenceKind, Movement
from worker.store.database import Rows
from worker.store.pos.sales import add_sales

# A difference, or an entry, of a repost run counts once the run is published.
VISIBLE = "(run_id = 0 OR EXISTS (SELECT FROM books.published_run r WHERE r.company_id = {0}.company_id AND r.run_id = {0}.run_id))"

# A difference on a movement that is reversed was taken back with it.
_TAKEN_BACK = (
    "SELECT FROM stock_movement back WHERE back.company_id = d.company_id AND back.source_id = d.movement_id "
    f"AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d}"
)
STANDING = f"NOT EXISTS ({_TAKEN_BACK})"
STANDING_THEN = f"NOT EXISTS ({_TAKEN_BACK} AND back.posting_date <= %(end)s)"

MOVEMENT = (
    "m.movement_id, m.voucher_id, m.line_no, item.name, warehouse.name, coalesce(part.name, ''), m.posting_at, m.posting_date, "
    "m.qty, m.value, m.basis, account.name, coalesce(contra.name, ''), coalesce(center.name, ''), coalesce(dimensions.name, ''), "
    "coalesce(batch.name, ''), m.source_id, m.stated, m.weight, m.counted_qty, m.counted_rate, m.provisional"
)
MOVEMENT_NAMES = (
    "JOIN chain c ON c.company_id = m.company_id AND c.chain_id = m.chain_id "
    "JOIN term item ON item.company_id = m.company_id AND item.term_id = c.item_id "
    "JOIN term warehouse ON warehouse.company_id = m.company_id AND warehouse.term_id = c.warehouse_id "
    "JOIN term account ON account.company_id = m.company_id AND account.term_id = m.account_id "
    "LEFT JOIN term part ON part.company_id = m.company_id AND part.term_id = c.part_id "
    "LEFT JOIN term contra ON contra.company_id = m.company_id AND contra.term_id = m.contra_id "
    "LEFT JOIN term center ON center.company_id = m.company_id AND center.term_id = m.cost_center_id "
    "LEFT JOIN term dimensions ON dimensions.company_id = m.company_id AND dimensions.term_id = m.dimensions_id "
    "LEFT JOIN term batch ON batch.company_id = m.company_id AND batch.term_id = m.batch_id "
)


def movement(row: Sequence[Any]) -> Movement:
    """A movement from a row of `MOVEMENT`."""
    return Movement(
        id=row[0],
        voucher=row[1],
        line=row[2],
        chain=Chain(row[3], row[4], row[5]),
        at=instant(row[6]),
        date=row[7],
        qty=int(row[8]),
        value=int(row[9]),
        basis=Basis(row[10]),
        account=row[11],
        contra=row[12],
        cost_center=row[13],
        dimensions=row[14],
        batch=row[15],
        source=row[16],
        stated=row[17],
        weight=int(row[18]),
        counted_qty=row[19],
        counted_rate=None if row[20] is None else int(row[20]),
        provisional=row[21],
    )


def load_vouchers(
    connection: Rows, company: int, keys: Iterable[tuple[str, str]], decode: Callable[[bytes], object]
) -> dict[tuple[str, str], PostedVoucher | None]:
    """Posted documents by (type, number); the type may be empty where the number says enough. None where nothing is posted.

    `decode` reads the stored document.
    """
    asked = list(dict.fromkeys(keys))
    result: dict[tuple[str, str], PostedVoucher | None] = dict.fromkeys(asked)
    if not asked:
        return result
    by_sequence: dict[int, PostedVoucher] = {}
    found = connection.execute(
        "SELECT asked.type, v.voucher_id, v.type, v.number, v.posting_at, v.posting_date, v.figures, "
        "  coalesce(revised.payload, d.payload), coalesce(cancel.voucher_id, 0) "
        "FROM unnest(%s::text[], %s::text[]) AS asked (type, number) "
        "JOIN voucher v ON v.company_id = %s AND v.number = asked.number AND asked.type IN ('', v.type) "
        "JOIN document d ON d.company_id = v.company_id AND d.sequence = v.voucher_id "
        "LEFT JOIN voucher cancel ON cancel.company_id = v.company_id AND cancel.reverses = v.voucher_id AND cancel.reverses <> 0 "
        "LEFT JOIN LATERAL (SELECT payload FROM document_revision r WHERE r.company_id = v.company_id "
        "  AND r.sequence = v.voucher_id ORDER BY revision DESC LIMIT 1) revised ON true ORDER BY v.voucher_id",
        [[type_ for type_, _ in asked], [number for _, number in asked], company],
    ).fetchall()
    for asked_type, sequence, type_, number, at, day, figures, payload, cancelled_by in found:
        voucher = by_sequence.get(sequence) or PostedVoucher(
            sequence,
            type_,
            number,
            instant(at),
            day,
            decode(payload.encode()),
            figures=figures,
            cancelled_by=cancelled_by,
        )
        by_sequence[sequence] = voucher
        result[asked_type, number] = voucher
    if by_sequence:
        _add_movements(connection, company, by_sequence)
        _add_entries(connection, company, by_sequence)
        _add_entries_elsewhere(connection, company, by_sequence)
        _add_outstanding(connection, company, by_sequence)
        _add_links(connection, company, by_sequence)
        _add_corrections(connection, company, by_sequence)
        add_sales(connection, company, by_sequence)
    return result


def _add_movements(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    found = connection.execute(
        f"SELECT {MOVEMENT}, m.set_aside, m.booked FROM ("
        "  SELECT m.company_id, m.movement_id, m.voucher_id, m.line_no, m.chain_id, m.posting_at, m.posting_date, "
        "    m.qty + coalesce(d.qty, 0) AS qty, m.value + coalesce(d.amount, 0) AS value, m.basis, m.account_id, m.contra_id, "
        "    m.cost_center_id, m.dimensions_id, m.batch_id, m.source_id, m.stated, m.weight, m.counted_qty, m.counted_rate, m.provisional, "
        "    coalesce(d.set_aside, 0)::bigint AS set_aside, d.booked FROM stock_movement m LEFT JOIN ("
        "    SELECT movement_id, sum(qty) AS qty, sum(amount) AS amount, sum(set_aside) AS set_aside, "
        "      jsonb_object_agg(account, amount) AS booked FROM ("
        "      SELECT d.movement_id, t.name AS account, sum(d.qty) AS qty, sum(d.amount) AS amount, "
        f"       sum(d.amount) FILTER (WHERE d.kind IN ({DifferenceKind.TRUE_UP:d}, {DifferenceKind.RESIDUE:d})) AS set_aside "
        "       FROM stock_difference d JOIN term t ON t.company_id = d.company_id AND t.term_id = d.account_id "
        f"     WHERE d.company_id = %(company)s AND d.voucher_id = ANY(%(vouchers)s) AND {VISIBLE.format('d')} GROUP BY 1, 2"
        "    ) by_account GROUP BY movement_id"
        "  ) d USING (movement_id) WHERE m.company_id = %(company)s AND m.voucher_id = ANY(%(vouchers)s)"
        f") m {MOVEMENT_NAMES} ORDER BY m.movement_id",
        {"company": company, "vouchers": list(vouchers)},
    )
    for row in found:
        voucher, one = vouchers[row[1]], movement(row)
        voucher.movements.append(one)
        set_aside, booked = row[-2:]
        if set_aside:
            voucher.set_aside[one.id] = set_aside
        if later := {account: int(amount) for account, amount in (booked or {}).items() if account != one.account}:
            voucher.remapped[one.id] = later


def _add_entries(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    found = connection.execute(
        "SELECT e.voucher_id, account.name, e.amount, coalesce(party.name, ''), coalesce(center.name, ''), "
        "  coalesce(dimensions.name, ''), e.against_id, coalesce(currency.name, ''), e.currency_amount, e.is_opening FROM ("
        "  SELECT company_id, voucher_id, account_id, party_id, cost_center_id, dimensions_id, against_id, currency_id, is_opening, "
        "    sum(debit - credit)::bigint AS amount, sum(currency_amount)::bigint AS currency_amount, min(entry_id) AS first "
        "  FROM gl_entry e WHERE company_id = %(company)s AND voucher_id = ANY(%(vouchers)s) AND "
        + VISIBLE.format("e")
        + " "
        "  GROUP BY company_id, voucher_id, account_id, party_id, cost_center_id, dimensions_id, against_id, currency_id, is_opening"
        ") e JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "LEFT JOIN term party ON party.company_id = e.company_id AND party.term_id = e.party_id "
        "LEFT JOIN term center ON center.company_id = e.company_id AND center.term_id = e.cost_center_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = e.company_id AND dimensions.term_id = e.dimensions_id "
        "LEFT JOIN term currency ON currency.company_id = e.company_id AND currency.term_id = e.currency_id "
        "WHERE e.amount <> 0 OR e.currency_amount <> 0 ORDER BY e.first",
        {"company": company, "vouchers": list(vouchers)},
    )
    for sequence, account, amount, party, center, dimensions, against, currency, currency_amount, is_opening in found:
        voucher = vouchers[sequence]
        voucher.entries.append(
            Entry(
                voucher=sequence,
                account=account,
                amount=amount,
                date=voucher.date,
                party=party,
                cost_center=center,
                dimensions=dimensions,
                against=against,
                currency=currency,
                currency_amount=currency_amount,
                is_opening=is_opening,
            )
        )


def _add_entries_elsewhere(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    """What these documents booked under vouchers that they bill, less what was taken back."""
    found = connection.execute(
        "SELECT e.against_id, e.voucher_id, account.name, e.amount, coalesce(center.name, ''), coalesce(dimensions.name, '') FROM ("
        "  SELECT company_id, against_id, voucher_id, account_id, cost_center_id, dimensions_id, "
        "    sum(debit - credit)::bigint AS amount, min(entry_id) AS first "
        "  FROM gl_entry e WHERE company_id = %(company)s AND against_id = ANY(%(vouchers)s) AND against_id <> 0 "
        f"   AND voucher_id <> against_id AND party_id = 0 AND {VISIBLE.format('e')} "
        "  GROUP BY company_id, against_id, voucher_id, account_id, cost_center_id, dimensions_id"
        ") e JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "LEFT JOIN term center ON center.company_id = e.company_id AND center.term_id = e.cost_center_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = e.company_id AND dimensions.term_id = e.dimensions_id "
        "WHERE e.amount <> 0 ORDER BY e.first",
        {"company": company, "vouchers": list(vouchers)},
    )
    for sequence, booked_under, account, amount, center, dimensions in found:
        voucher = vouchers[sequence]
        voucher.elsewhere.append(
            Entry(
                voucher=booked_under, account=account, amount=amount, date=voucher.date, cost_center=center,
                dimensions=dimensions, against=sequence,
            )
        )  # fmt: skip


def _add_outstanding(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    """What is still open on these documents, by whichever vouchers it came to be so."""
    found = connection.execute(
        "SELECT e.against_id, account.name, e.amount, party.name, coalesce(currency.name, ''), e.currency_amount FROM ("
        "  SELECT company_id, against_id, account_id, party_id, currency_id, sum(debit - credit)::bigint AS amount, "
        "    sum(currency_amount)::bigint AS currency_amount, min(entry_id) AS first "
        "  FROM gl_entry e WHERE company_id = %(company)s AND against_id = ANY(%(vouchers)s) AND against_id <> 0 "
        f"   AND party_id <> 0 AND {VISIBLE.format('e')} GROUP BY company_id, against_id, account_id, party_id, currency_id"
        ") e JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "JOIN term party ON party.company_id = e.company_id AND party.term_id = e.party_id "
        "LEFT JOIN term currency ON currency.company_id = e.company_id AND currency.term_id = e.currency_id "
        "WHERE e.amount <> 0 OR e.currency_amount <> 0 ORDER BY e.first",
        {"company": company, "vouchers": list(vouchers)},
    )
    for sequence, account, amount, party, currency, currency_amount in found:
        voucher = vouchers[sequence]
        voucher.outstanding.append(
            Entry(
                voucher=sequence,
                account=account,
                amount=amount,
                date=voucher.date,
                party=party,
                against=sequence,
                currency=currency,
                currency_amount=currency_amount,
            )
        )


def _add_links(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    found = connection.execute(
        "SELECT l.voucher_id, l.line_no, l.kind, l.target_id, l.target_line, l.qty, l.amount, v.type, v.number, v.posting_at "
        "FROM link l JOIN voucher v ON v.company_id = l.company_id AND v.voucher_id = l.voucher_id "
        "WHERE l.company_id = %(company)s AND l.target_id = ANY(%(vouchers)s) AND NOT EXISTS ("
        "  SELECT FROM voucher c WHERE c.company_id = l.company_id AND c.reverses = l.voucher_id AND c.reverses <> 0) "
        "ORDER BY l.link_id",
        {"company": company, "vouchers": list(vouchers)},
    )
    for row in found:
        vouchers[row[3]].links.append(Link(*(*row[:-1], instant(row[-1]))))


def _add_corrections(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    """What these documents caused elsewhere, and what covering receipts added to the cost of their issues."""
    caused = connection.execute(
        "SELECT d.movement_id, d.voucher_id, item.name, warehouse.name, coalesce(part.name, ''), d.posting_at, d.posting_date, d.amount, "
        "  d.kind, account.name, coalesce(contra.name, ''), d.qty, d.cause_id, d.document_id, coalesce(center.name, ''), "
        "  coalesce(dimensions.name, '') FROM stock_difference d "
        "JOIN chain c ON c.company_id = d.company_id AND c.chain_id = d.chain_id "
        "JOIN term item ON item.company_id = d.company_id AND item.term_id = c.item_id "
        "JOIN term warehouse ON warehouse.company_id = d.company_id AND warehouse.term_id = c.warehouse_id "
        "JOIN term account ON account.company_id = d.company_id AND account.term_id = d.account_id "
        "LEFT JOIN term part ON part.company_id = d.company_id AND part.term_id = c.part_id "
        "LEFT JOIN term contra ON contra.company_id = d.company_id AND contra.term_id = d.contra_id "
        "LEFT JOIN term center ON center.company_id = d.company_id AND center.term_id = d.cost_center_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = d.company_id AND dimensions.term_id = d.dimensions_id "
        f"WHERE d.company_id = %(company)s AND d.document_id = ANY(%(vouchers)s) AND d.document_id <> 0 "
        f"AND d.kind IN ({DifferenceKind.LANDED_COST:d}, {DifferenceKind.RATE_DIFFERENCE:d}) AND {VISIBLE.format('d')} "
        "ORDER BY d.difference_id",
        {"company": company, "vouchers": list(vouchers)},
    )
    for row in caused:
        vouchers[row[13]].caused.append(
            Difference(
                movement=row[0],
                voucher=row[1],
                chain=Chain(row[2], row[3], row[4]),
                at=instant(row[5]),
                date=row[6],
                amount=row[7],
                kind=DifferenceKind(row[8]),
                account=row[9],
                contra=row[10],
                qty=row[11],
                cause=row[12],
                document=row[13],
                cost_center=row[14],
                dimensions=row[15],
            )
        )
    trued_up = connection.execute(
        "SELECT m.voucher_id, m.movement_id, sum(d.amount)::bigint FROM stock_movement m "
        "JOIN stock_difference d ON d.company_id = m.company_id AND d.cause_id = m.movement_id AND d.cause_id <> 0 "
        f"WHERE m.company_id = %(company)s AND m.voucher_id = ANY(%(vouchers)s) AND d.kind = {DifferenceKind.TRUE_UP:d} "
        f"AND {STANDING} AND {VISIBLE.format('d')} GROUP BY m.voucher_id, m.movement_id",
        {"company": company, "vouchers": list(vouchers)},
    )
    for sequence, number, amount in trued_up:
        vouchers[sequence].true_ups[number] = amount


def voucher_names(connection: Rows, company: int, sequences: Iterable[int]) -> dict[int, str]:
    """What people call posted documents, by sequence: `delivery note DN-1`."""
    wanted = list(sequences)
    if not wanted:
        return {}
    found = connection.execute(
        "SELECT voucher_id, type, number FROM voucher WHERE company_id = %s AND voucher_id = ANY(%s)", [company, wanted]
    )
    return {sequence: f"{type_.replace('_', ' ')} {number}" for sequence, type_, number in found}
