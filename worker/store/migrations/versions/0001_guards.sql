-- Facts only grow, whoever asks; and what enters the general ledger balances, statement by statement.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: facts are append-only. Correct it with a document: a cancel, or a corrective entry.',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION require_balanced_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    odd record;
BEGIN
    SELECT company_id, run_id, voucher_id, cause_id, posting_date, sum(debit - credit) AS difference INTO odd
    FROM inserted
    GROUP BY company_id, run_id, voucher_id, cause_id, posting_date
    HAVING sum(debit - credit) <> 0
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'voucher % of company % does not balance on %: debits less credits are % minor units (run %, cause %)',
            odd.voucher_id, odd.company_id, odd.posting_date, odd.difference, odd.run_id, odd.cause_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER balanced AFTER INSERT ON gl_entry REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION require_balanced_entries();

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY[
        'company', 'term', 'master', 'document', 'document_revision', 'refused_message', 'voucher', 'stock_movement',
        'stock_difference', 'gl_entry', 'link', 'posted_batch'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', fact);
    END LOOP;
END
$$;
