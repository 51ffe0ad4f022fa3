CREATE TABLE inventory_migration (
    company_id INTEGER NOT NULL,
    plan_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    as_of DATE NOT NULL,
    fingerprint BYTEA NOT NULL,
    content JSON NOT NULL,
    planned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    rolled_back_at TIMESTAMP WITH TIME ZONE,
    opening_id BIGINT,
    CONSTRAINT inventory_migration_pk PRIMARY KEY (company_id, plan_id)
);

-- The cut-over in force of each company that went over: the last day of periodic inventory, the first instant of perpetual
-- inventory, and the voucher of the opening entry.
CREATE VIEW books.cut_over AS
SELECT company_id, (cut_over ->> 'day')::date AS day, (cut_over ->> 'opening')::bigint AS opening,
    'epoch'::timestamptz + (cut_over ->> 'until')::bigint * interval '1 microsecond' AS until
FROM (
    SELECT DISTINCT ON (company_id) company_id, payload::json AS cut_over
    FROM master WHERE kind = 'cut_over' ORDER BY company_id, version DESC
) newest
WHERE NOT coalesce((cut_over ->> 'ended')::boolean, false);

-- What purchases of periodic inventory keep about goods received but not billed; `of_id` is the voucher that each amount belongs to.
CREATE VIEW books.unbilled AS
SELECT v.company_id, v.voucher_id, kept.of AS of_id, kept.day, kept.account, kept.cost_center, kept.dimensions,
    (kept.amount * 10::numeric ^ c.precision)::bigint AS amount
FROM voucher v
JOIN books.company c USING (company_id)
CROSS JOIN LATERAL json_to_recordset(v.figures -> 'unbilled')
    AS kept (of bigint, day date, account text, cost_center text, dimensions text, amount numeric)
WHERE v.type IN ('purchase_receipt', 'purchase_invoice', 'cancel') AND v.figures::text LIKE '%"unbilled"%';

GRANT SELECT ON inventory_migration TO perpetua_worker, perpetua_reader;
GRANT INSERT, UPDATE ON inventory_migration TO perpetua_worker;
GRANT SELECT ON books.cut_over, books.unbilled TO perpetua_worker, perpetua_reader;
