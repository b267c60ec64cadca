-- What becomes of the calls of other systems: claimed by whoever makes the next attempt, and settled once it is known
-- what the system did. What it did is what the directory ends up saying.

-- ------------------------------------------------------------------ the assignment that a record is about

-- Gives the user what the record names. What it has already stays as it is.
--   record  a row of revocations or grants
CREATE FUNCTION give_assignment(record jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given global_role := record->>'global_role';
BEGIN
    CASE record->>'kind'
    WHEN 'PROJECT' THEN
        INSERT INTO project_members (organization_id, project_id, user_id, role)
        SELECT record->>'organization_id', record->>'project_id', record->>'user_id', record->>'project_role'
        WHERE record->>'project_id' IS NOT NULL AND record->>'user_id' IS NOT NULL AND record->>'project_role' IS NOT NULL
        ON CONFLICT DO NOTHING;
    WHEN 'ROLE' THEN
        INSERT INTO role_users (organization_id, role_id, user_id)
        SELECT record->>'organization_id', record->>'role_id', record->>'user_id'
        WHERE record->>'role_id' IS NOT NULL AND record->>'user_id' IS NOT NULL
        ON CONFLICT DO NOTHING;
    WHEN 'GLOBAL_ROLE' THEN
        UPDATE users u SET global_roles = array_append(u.global_roles, given)
        WHERE u.id = record->>'user_id' AND NOT u.global_roles @> ARRAY[given];
    WHEN 'RESOURCE' THEN
        INSERT INTO user_resources (organization_id, resource_id, user_id)
        VALUES (record->>'organization_id', record->>'resource_id', record->>'user_id')
        ON CONFLICT DO NOTHING;
    END CASE;
END
$$;

-- Takes from the user what the record names, and tells whether it had it.
CREATE FUNCTION take_assignment(record jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    taken global_role := record->>'global_role';
BEGIN
    CASE record->>'kind'
    WHEN 'PROJECT' THEN
        DELETE FROM project_members m WHERE m.user_id = record->>'user_id' AND m.project_id = record->>'project_id';
    WHEN 'ROLE' THEN
        DELETE FROM role_users h WHERE h.user_id = record->>'user_id' AND h.role_id = record->>'role_id';
    WHEN 'GLOBAL_ROLE' THEN
        UPDATE users u SET global_roles = array_remove(u.global_roles, taken)
        WHERE u.id = record->>'user_id' AND u.global_roles @> ARRAY[taken];
    WHEN 'RESOURCE' THEN
        DELETE FROM user_resources d WHERE d.user_id = record->>'user_id' AND d.resource_id = record->>'resource_id';
    END CASE;
    RETURN FOUND;
END
$$;

-- ------------------------------------------------------------------ attempts

-- Takes calls whose time has come, for an attempt each, and returns them. Until `lease_seconds` are over nobody else
-- takes them; by then the attempt must have ended. Gateways that ask at once get different ones.
--   free  how many calls of which upstream: organizationId, system, places
CREATE FUNCTION claim_upstream_calls(free jsonb, lease_seconds double precision)
RETURNS SETOF upstream_calls LANGUAGE sql
SET search_path = public, pg_temp AS $$
    -- MATERIALIZED: as part of a join it could be run, and lock, several times.
    WITH due AS MATERIALIZED (
        SELECT next.id
        FROM jsonb_to_recordset(free) AS upstream("organizationId" text, system upstream_system, places integer)
        CROSS JOIN LATERAL (
            SELECT c.id FROM upstream_calls c
            WHERE c.organization_id = upstream."organizationId" AND c.system = upstream.system
              AND c.next_attempt_at <= clock_timestamp()
            ORDER BY c.next_attempt_at LIMIT upstream.places
            FOR UPDATE SKIP LOCKED
        ) next
    )
    UPDATE upstream_calls c
    SET attempts = c.attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => lease_seconds)
    FROM due WHERE c.id = due.id
    RETURNING c.*
$$;

-- Settles a call by what an attempt found out, and returns the record, the user, and what was done to its sessions. One
-- that was settled before stays as it is: the record tells.
--   settlement  attempt (its number), outcome (DONE, REFUSED, UNKNOWN), code (of REFUSED), putBack, upstreamTraceId,
--               retrySeconds (of UNKNOWN), undone (of UNKNOWN: whether this attempt was certainly not carried out)
-- An attempt that was overtaken, because its lease ended and another one began, settles nothing, not even that it is done:
-- the other one may be under way, and would arrive after whatever were begun once this one is settled.
CREATE FUNCTION settle_upstream_call(call_id text, settlement jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    outcome text := settlement->>'outcome';
    call upstream_calls;
    record jsonb;
    person users;
    taken boolean;
    ended jsonb := '[]';
BEGIN
    record := read_record(call_id);
    -- The user before all else, as every removal does.
    SELECT * INTO person FROM users u WHERE u.id = record->>'user_id' FOR NO KEY UPDATE;
    SELECT * INTO call FROM upstream_calls c WHERE c.id = call_id FOR UPDATE;

    IF call.id IS NULL OR call.attempts <> (settlement->>'attempt')::integer THEN
        RETURN jsonb_build_object('record', read_record(call_id), 'ended', ended);
    END IF;
    IF outcome = 'UNKNOWN' THEN
        UPDATE upstream_calls c
        SET next_attempt_at = clock_timestamp() + make_interval(secs => (settlement->>'retrySeconds')::double precision),
            undone = c.undone + coalesce((settlement->>'undone')::boolean, false)::integer
        WHERE c.id = call_id;
    ELSE
        DELETE FROM upstream_calls c WHERE c.id = call_id;
    END IF;

    IF outcome = 'DONE' AND call.action = 'GRANT' THEN
        PERFORM give_assignment(record);
    ELSIF outcome = 'DONE' THEN
        -- Again: an import may have brought it back meanwhile, and sessions with it.
        taken := take_assignment(record);
        IF record->>'kind' = 'PROJECT' AND (taken OR NOT call.held) AND person.id IS NOT NULL THEN
            ended := end_active_sessions(person.id);
            PERFORM refuse_earlier_tokens(person.id);
        END IF;
    ELSIF outcome = 'REFUSED' AND call.action = 'REMOVE' AND call.held AND (settlement->>'putBack')::boolean THEN
        PERFORM give_assignment(record);
    END IF;

    PERFORM end_record(call_id, CASE outcome WHEN 'UNKNOWN' THEN 'PENDING' ELSE outcome END::revocation_state, settlement);
    RETURN jsonb_build_object(
        'record', read_record(call_id),
        'user', (SELECT to_jsonb(u) FROM users u WHERE u.id = person.id),
        'canStartSession', coalesce(can_start_session(person.id), false),
        'ended', ended
    );
END
$$;

CREATE FUNCTION read_record(record_id text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN record_id LIKE 'grant\_%' THEN (SELECT to_jsonb(g) FROM grants g WHERE g.id = record_id)
                ELSE (SELECT to_jsonb(v) FROM revocations v WHERE v.id = record_id) END;
END
$$;

CREATE FUNCTION end_record(record_id text, ending revocation_state, settlement jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    settled timestamptz := CASE WHEN ending <> 'PENDING' THEN clock_timestamp() END;
BEGIN
    UPDATE revocations v
    SET state = ending, code = CASE WHEN ending = 'REFUSED' THEN settlement->>'code' END, settled_at = settled,
        upstream_trace_id = coalesce(settlement->>'upstreamTraceId', v.upstream_trace_id)
    WHERE v.id = record_id;
    UPDATE grants g
    SET state = ending, code = CASE WHEN ending = 'REFUSED' THEN settlement->>'code' END, settled_at = settled,
        upstream_trace_id = coalesce(settlement->>'upstreamTraceId', g.upstream_trace_id)
    WHERE g.id = record_id;
END
$$;
