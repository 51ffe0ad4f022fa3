-- The books in words and decimals, for people and reports. A repost run shows once it is published, never before.

CREATE SCHEMA books;

CREATE FUNCTION books.currency_precision(currency text, stated text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN stated IS NOT NULL THEN stated::integer
        WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
            'XOF', 'XPF') THEN 0
        WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN currency IN ('CLF', 'UYW') THEN 4
        ELSE 2
    END
$$;

CREATE FUNCTION books.decimals(amount numeric, places integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT round(amount / (10::numeric ^ places), places)
$$;

CREATE FUNCTION books.series_prefix(voucher_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE voucher_type
        WHEN 'purchase_receipt' THEN 'PREC'
        WHEN 'purchase_invoice' THEN 'PINV'
        WHEN 'delivery_note' THEN 'DN'
        WHEN 'sales_invoice' THEN 'SINV'
        WHEN 'stock_entry' THEN 'STE'
        WHEN 'stock_reconciliation' THEN 'RECO'
        WHEN 'landed_cost_voucher' THEN 'LCV'
        WHEN 'journal_entry' THEN 'JV'
        WHEN 'payment_entry' THEN 'PAY'
        WHEN 'period_closing' THEN 'PCV'
        WHEN 'pos_opening' THEN 'POSO'
        WHEN 'pos_invoice' THEN 'POSI'
        WHEN 'pos_closing' THEN 'POSC'
        WHEN 'purchase_order' THEN 'PO'
        WHEN 'sales_order' THEN 'SO'
        WHEN 'cancel' THEN 'CAN'
        ELSE upper(voucher_type)
    END
$$;

CREATE FUNCTION books.voucher_no(voucher_type text, series_year integer, series_no integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT books.series_prefix(voucher_type) || '-' || series_year || '-'
        || CASE WHEN series_no < 100000 THEN lpad(series_no::text, 5, '0') ELSE series_no::text END
$$;

CREATE VIEW books.company AS
SELECT DISTINCT ON (c.company_id) c.company_id, c.name, m.payload::json ->> 'currency' AS currency,
    books.currency_precision(m.payload::json ->> 'currency', m.payload::json ->> 'currency_precision') AS precision,
    coalesce(m.payload::json ->> 'time_zone', 'UTC') AS time_zone,
    coalesce((m.payload::json ->> 'perpetual_inventory')::boolean, true) AS perpetual
FROM company c
LEFT JOIN master m ON m.kind = 'company' AND m.name = c.name AND m.company_id IN (0, c.company_id)
WHERE c.company_id <> 0
ORDER BY c.company_id, m.company_id DESC, m.version DESC;

CREATE VIEW books.published_run AS
SELECT company_id, run_id, published_at FROM repost_run WHERE published_at IS NOT NULL;

CREATE VIEW books.voucher AS
SELECT v.company_id, c.name AS company, v.voucher_id, v.type, v.number,
    books.voucher_no(v.type, v.series_year, v.series_no) AS voucher_no, v.posting_at, v.posting_date, v.figures,
    v.reverses, coalesce(r.voucher_id, 0) AS cancelled_by, v.batch_no, v.posted_at
FROM voucher v
JOIN company c USING (company_id)
LEFT JOIN voucher r ON r.company_id = v.company_id AND r.reverses = v.voucher_id AND r.reverses <> 0;

CREATE VIEW books.stock_ledger AS
SELECT c.name AS company, v.type AS voucher_type, v.number AS voucher,
    books.voucher_no(v.type, v.series_year, v.series_no) AS voucher_no, m.line_no AS line,
    item.name AS item, warehouse.name AS warehouse, coalesce(part.name, '') AS part, coalesce(batch.name, '') AS batch,
    m.posting_at, m.posting_date, books.decimals(m.qty, 6) AS qty, books.decimals(m.amount, c.precision) AS stock_value_difference,
    m.kind, account.name AS account, coalesce(contra.name, '') AS contra, coalesce(cost_center.name, '') AS cost_center,
    coalesce(dimensions.name, '') AS dimensions, coalesce(caused.number, '') AS caused_by, m.provisional, m.recorded_at,
    m.company_id, m.voucher_id, m.movement_id, m.row_id, m.run_id
FROM (
    SELECT company_id, movement_id, 0::bigint AS row_id, 0::bigint AS run_id, voucher_id, line_no, chain_id, posting_at, posting_date,
        qty, value AS amount, CASE basis WHEN 8 THEN 'reversal' ELSE 'movement' END AS kind, account_id, contra_id, cost_center_id,
        dimensions_id, batch_id,
        CASE basis WHEN 8 THEN (
            SELECT c.voucher_id FROM voucher c
            WHERE c.company_id = s.company_id AND c.reverses = s.voucher_id AND c.reverses <> 0
        ) ELSE 0 END AS document_id, provisional, NULL::timestamptz AS recorded_at
    FROM stock_movement s
    UNION ALL
    SELECT d.company_id, d.movement_id, d.difference_id, d.run_id, d.voucher_id, of.line_no, d.chain_id, d.posting_at, d.posting_date,
        d.qty, d.amount,
        (ARRAY['true_up', 'landed_cost', 'revalued', 'rate_difference', 'residue', 'count_shifted'])[d.kind],
        d.account_id, d.contra_id, d.cost_center_id, d.dimensions_id, of.batch_id, d.document_id, false,
        coalesce(run.published_at, d.recorded_at)
    FROM stock_difference d
    JOIN stock_movement of USING (company_id, movement_id)
    LEFT JOIN books.published_run run USING (company_id, run_id)
    WHERE d.run_id = 0 OR run.run_id IS NOT NULL
) m
JOIN books.company c USING (company_id)
JOIN voucher v USING (company_id, voucher_id)
JOIN chain USING (company_id, chain_id)
JOIN term item ON item.company_id = m.company_id AND item.term_id = chain.item_id
JOIN term warehouse ON warehouse.company_id = m.company_id AND warehouse.term_id = chain.warehouse_id
LEFT JOIN term part ON part.company_id = m.company_id AND part.term_id = chain.part_id
LEFT JOIN term batch ON batch.company_id = m.company_id AND batch.term_id = m.batch_id
LEFT JOIN term account ON account.company_id = m.company_id AND account.term_id = m.account_id
LEFT JOIN term contra ON contra.company_id = m.company_id AND contra.term_id = m.contra_id
LEFT JOIN term cost_center ON cost_center.company_id = m.company_id AND cost_center.term_id = m.cost_center_id
LEFT JOIN term dimensions ON dimensions.company_id = m.company_id AND dimensions.term_id = m.dimensions_id
LEFT JOIN voucher caused ON caused.company_id = m.company_id AND caused.voucher_id = m.document_id AND m.document_id <> 0;

CREATE VIEW books.general_ledger AS
SELECT c.name AS company, v.type AS voucher_type, v.number AS voucher,
    books.voucher_no(v.type, v.series_year, v.series_no) AS voucher_no, account.name AS account,
    books.decimals(e.debit, c.precision) AS debit, books.decimals(e.credit, c.precision) AS credit, e.posting_date,
    coalesce(party.name, '') AS party, coalesce(cost_center.name, '') AS cost_center, coalesce(dimensions.name, '') AS dimensions,
    coalesce(against.type, '') AS against_type, coalesce(against.number, '') AS against, coalesce(cause.number, '') AS caused_by,
    coalesce(currency.name, '') AS currency,
    books.decimals(e.currency_amount, books.currency_precision(currency.name, NULL)) AS currency_amount, e.is_opening,
    coalesce(run.published_at, v.posted_at) AS recorded_at, e.company_id, e.voucher_id, e.entry_id, e.run_id
FROM gl_entry e
JOIN books.company c USING (company_id)
JOIN voucher v USING (company_id, voucher_id)
JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id
LEFT JOIN books.published_run run ON run.company_id = e.company_id AND run.run_id = e.run_id
LEFT JOIN term party ON party.company_id = e.company_id AND party.term_id = e.party_id
LEFT JOIN term cost_center ON cost_center.company_id = e.company_id AND cost_center.term_id = e.cost_center_id
LEFT JOIN term dimensions ON dimensions.company_id = e.company_id AND dimensions.term_id = e.dimensions_id
LEFT JOIN term currency ON currency.company_id = e.company_id AND currency.term_id = e.currency_id
LEFT JOIN voucher against ON against.company_id = e.company_id AND against.voucher_id = e.against_id AND e.against_id <> 0
LEFT JOIN voucher cause ON cause.company_id = e.company_id AND cause.voucher_id = e.cause_id AND e.cause_id <> 0
WHERE e.run_id = 0 OR run.run_id IS NOT NULL;

CREATE VIEW books.trial_balance AS
SELECT company, account, posting_date, sum(debit) AS debit, sum(credit) AS credit, sum(debit) - sum(credit) AS balance
FROM books.general_ledger
GROUP BY company, account, posting_date;

CREATE VIEW books.document_status AS
SELECT c.name AS company, d.type, d.number, d.sequence, d.received_at,
    CASE
        WHEN v.cancelled_by <> 0 THEN 'cancelled'
        WHEN v.voucher_id IS NOT NULL THEN 'posted'
        WHEN o.moment IS NOT NULL THEN 'accepted'
        WHEN o.status IS NOT NULL THEN o.status
        ELSE 'accepted'
    END AS status,
    v.posted_at, v.voucher_no, o.error, coalesce(o.waits_for, '{}') AS waits_for, o.decided_at,
    coalesce(v.batch_no, o.batch_no) AS batch_no, d.company_id
FROM document d
JOIN company c USING (company_id)
LEFT JOIN books.voucher v ON v.company_id = d.company_id AND v.voucher_id = d.sequence
LEFT JOIN outcome o ON o.company_id = d.company_id AND o.sequence = d.sequence;
