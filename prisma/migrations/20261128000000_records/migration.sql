-- Records that stay as they are, whoever is connected, and that can be carried elsewhere without missing one.

-- The trigger runs as whoever changes a row. With that role's own search path, an operator `=` of its making could say
-- that a settled record is PENDING.
ALTER FUNCTION refuse_change_of_record() SET search_path = pg_catalog, pg_temp;

-- An off-boarding is a record too, and has nothing to settle: its revocations tell how far it is.
CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% are append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER offboardings_are_append_only BEFORE UPDATE OR DELETE ON offboardings
    FOR EACH ROW EXECUTE FUNCTION refuse_any_change();
CREATE TRIGGER offboardings_are_never_truncated BEFORE TRUNCATE ON offboardings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_any_change();

-- An export goes on where the last one ended. Records are settled in about the order in which they lie, so an index of
-- ranges finds that place, and costs a removal next to nothing.
CREATE INDEX "revocations_settled_at_idx" ON "revocations" USING BRIN ("settled_at");
CREATE INDEX "grants_settled_at_idx" ON "grants" USING BRIN ("settled_at");

-- As before, but for the instant: it is taken within the statement that writes it, so after that statement has the lock of
-- its table. An export relies on that: see export-records.ts.
CREATE OR REPLACE FUNCTION end_record(record_id text, ending revocation_state, settlement jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE revocations v
    SET state = ending, code = CASE WHEN ending = 'REFUSED' THEN settlement->>'code' END,
        settled_at = CASE WHEN ending <> 'PENDING' THEN clock_timestamp() END,
        upstream_trace_id = coalesce(settlement->>'upstreamTraceId', v.upstream_trace_id)
    WHERE v.id = record_id;
    UPDATE grants g
    SET state = ending, code = CASE WHEN ending = 'REFUSED' THEN settlement->>'code' END,
        settled_at = CASE WHEN ending <> 'PENDING' THEN clock_timestamp() END,
        upstream_trace_id = coalesce(settlement->>'upstreamTraceId', g.upstream_trace_id)
    WHERE g.id = record_id;
END
$$;
