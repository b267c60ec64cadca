-- Off-boarding: a user is deactivated, and everything that it holds is taken away, each as a revocation of its own. What
-- the directory owns is gone when the function returns; what another system owns counts as gone from then on, and is a
-- call that the workers of the gateways make.
--
--   request  userId or userLogin, reason, dryRun, offboardingId (its revocations get theirs from it), upstreams: by kind
--            (PROJECT, ROLE, GLOBAL_ROLE) the system that owns such assignments, as `upstream` of the removals

-- One thing to take away.
--   state      how the revocation begins: DONE, PENDING (another system has yet to do it) or REFUSED, then with its code.
--              Null: a removal that was asked for before is under way, and is a step as it is
--   held       whether the directory has it
--   not_before when the system may be called; until then a grant of the same may be under way there
CREATE TYPE offboarding_step AS (
    number integer,
    kind revocation_kind,
    project_id text COLLATE "C",
    role_id text COLLATE "C",
    global_role global_role,
    resource_id text COLLATE "C",
    project_role text,
    requested_target text,
    system upstream_system,
    user_name text COLLATE "C",
    target_name text COLLATE "C",
    held boolean,
    not_before timestamptz,
    state revocation_state,
    code text
);

-- The calls of the grants to a user that are under way: also of those that were asked for before the directory knew the
-- user, by a name that the system knows it by.
CREATE FUNCTION grants_under_way(person users) RETURNS SETOF upstream_calls LANGUAGE sql STABLE AS $$
    SELECT c.* FROM upstream_calls c JOIN grants g ON g.id = c.id
    WHERE c.organization_id = person.organization_id AND c.action = 'GRANT' AND g.state = 'PENDING'
      AND (g.user_id = person.id OR (g.user_id IS NULL AND c.user_name IN (
          person.login, coalesce(person.external_ids->>c.system::text, person.id),
          lower(person.external_ids->>c.system::text))))
$$;

-- What a user holds, as the directory and the grants that are under way have it.
CREATE FUNCTION assignments_of(person users) RETURNS SETOF offboarding_step LANGUAGE sql STABLE AS $$
    SELECT NULL::integer, 'PROJECT'::revocation_kind, m.project_id, NULL, NULL::global_role, NULL, m.role, m.project_id,
           NULL::upstream_system, NULL, NULL, true, now(), NULL::revocation_state, NULL
    FROM project_members m WHERE m.user_id = person.id
    UNION ALL
    SELECT NULL, 'ROLE', NULL, h.role_id, NULL, NULL, NULL, h.role_id, NULL, NULL, NULL, true, now(), NULL, NULL
    FROM role_users h WHERE h.user_id = person.id
    UNION ALL
    SELECT NULL, 'RESOURCE', NULL, NULL, NULL, d.resource_id, NULL, d.resource_id, NULL, NULL, NULL, true, now(), NULL, NULL
    FROM user_resources d WHERE d.user_id = person.id
    UNION ALL
    SELECT NULL, 'GLOBAL_ROLE', NULL, NULL, held, NULL, NULL, held::text, NULL, NULL, NULL, true, now(), NULL, NULL
    FROM unnest(person.global_roles) held
    UNION ALL
    -- A grant whose attempt is under way can still be carried out: its removal waits until that can't be any more.
    SELECT NULL, g.kind, g.project_id, g.role_id, g.global_role, g.resource_id, g.project_role, g.requested_target,
           c.system, c.user_name, c.target_name, false, greatest(now(), c.next_attempt_at), NULL, NULL
    FROM grants_under_way(person) c JOIN grants g ON g.id = c.id
$$;

-- Everything that is to be taken away from a user, in an order that is always the same.
CREATE FUNCTION plan_offboarding(person users, request jsonb) RETURNS SETOF offboarding_step LANGUAGE sql STABLE AS $$
    -- Found once: looked for at each row, it would be looked for among all calls of the organization.
    WITH own_grants AS MATERIALIZED (
        SELECT g.id FROM grants_under_way(person) g
    ),
    named AS (
        SELECT a.kind, a.project_id, a.role_id, a.global_role, a.resource_id, a.project_role, a.requested_target,
               a.held, a.not_before, owner.upstream,
               coalesce(a.system, (owner.upstream->>'system')::upstream_system) AS system,
               coalesce(a.user_name, spell_name(owner.upstream,
                   coalesce(person.external_ids->>(owner.upstream->>'system'), person.id))) AS user_name,
               coalesce(a.target_name, CASE a.kind
                   WHEN 'PROJECT' THEN spell_name(
                       owner.upstream, coalesce(p.external_ids->>(owner.upstream->>'system'), a.project_id))
                   WHEN 'ROLE' THEN spell_name(
                       owner.upstream, coalesce(r.external_ids->>(owner.upstream->>'system'), a.role_id))
                   WHEN 'GLOBAL_ROLE' THEN owner.upstream->'targetNames'->>a.global_role::text
               END) AS target_name
        FROM assignments_of(person) a
        LEFT JOIN projects p ON p.id = a.project_id
        LEFT JOIN roles r ON r.id = a.role_id
        CROSS JOIN LATERAL (SELECT request->'upstreams'->a.kind::text AS upstream) owner
    ),
    -- What is granted at the moment may be held too: then that is the one to take away, once the grant has ended.
    merged AS (
        SELECT n.*,
               max(n.not_before) OVER same AS may_begin_at,
               row_number() OVER (same ORDER BY n.held DESC, n.project_id, n.role_id, n.global_role) AS place,
               n.system IS NOT NULL AND (
                   n.target_name ~ (n.upstream->>'targetPattern') AND n.user_name ~ (n.upstream->>'userPattern')
               ) IS NOT TRUE AND n.upstream IS NOT NULL AS is_malformed
        FROM named n
        WINDOW same AS (PARTITION BY n.kind, n.system, n.user_name,
            CASE WHEN n.system IS NULL THEN n.requested_target ELSE coalesce(n.target_name, n.requested_target) END)
    ),
    judged AS (
        SELECT m.*,
               CASE
                   WHEN m.system IS NULL THEN NULL
                   WHEN m.is_malformed THEN 'UPSTREAM_REJECTED'
                   -- Two entries of the directory with the same name there, or somebody else's: one call at a time.
                   WHEN m.place > 1 OR (c.id IS NOT NULL AND NOT own.is_own) THEN 'CONFLICT'
               END AS refusal,
               c.action IS NOT DISTINCT FROM 'REMOVE' AND own.is_own AS is_going
        FROM merged m
        LEFT JOIN upstream_calls c
            ON c.organization_id = person.organization_id AND c.system = m.system
            AND c.user_name = m.user_name AND c.target_name = m.target_name
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM revocations v WHERE v.id = c.id AND v.user_id = person.id)
                OR c.id IN (SELECT g.id FROM own_grants g) AS is_own
        ) own
        -- A second row of the same that only the grant knows of says nothing new.
        WHERE m.held OR m.place = 1
    )
    SELECT (row_number() OVER (ORDER BY j.kind, j.requested_target, j.held DESC))::integer, j.kind, j.project_id,
           j.role_id, j.global_role, j.resource_id, j.project_role, j.requested_target, j.system, j.user_name,
           j.target_name, j.held, j.may_begin_at,
           CASE WHEN j.refusal IS NOT NULL THEN 'REFUSED' WHEN j.is_going THEN NULL
                WHEN j.system IS NOT NULL THEN 'PENDING' ELSE 'DONE' END::revocation_state,
           j.refusal
    FROM judged j
    ORDER BY 1
$$;

-- An off-boarding with how far it is, which is counted from its revocations and stored nowhere.
CREATE FUNCTION describe_offboarding(o offboardings) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(o) || jsonb_build_object(
        'total', count(*),
        'done', count(*) FILTER (WHERE v.state = 'DONE'),
        'refused', count(*) FILTER (WHERE v.state = 'REFUSED'),
        'pending', count(*) FILTER (WHERE v.state = 'PENDING'),
        'last_settled_at', max(v.settled_at))
    FROM revocations v WHERE v.offboarding_id = o.id
$$;

-- The same of one that is only tried.
CREATE FUNCTION describe_dry_run(o offboardings, plan offboarding_step[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(o) || jsonb_build_object(
        'total', count(s.state) + going.count,
        'done', count(*) FILTER (WHERE s.state = 'DONE'),
        'refused', count(*) FILTER (WHERE s.state = 'REFUSED'),
        'pending', count(*) FILTER (WHERE s.state = 'PENDING') + going.count,
        'last_settled_at', NULL)
    FROM (SELECT count(*) FROM revocations v
          WHERE v.user_id = o.user_id AND v.state = 'PENDING' AND v.offboarding_id IS NULL) going
    LEFT JOIN unnest(plan) s ON true
    GROUP BY going.count
$$;

-- Off-boards a user.
--   answer   refusal (null, or why not), applied, offboarding (described; of a dry run it is on no record), user,
--            sessionEffect, sessions, steps
CREATE FUNCTION offboard_user(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    person users;
    plan offboarding_step[] := '{}';
    record offboardings;
    refusal text;
    applied boolean;
    ended jsonb := '[]';
BEGIN
    -- Who else holds ADMIN is a question about the whole organization: see remove_global_role. Whether the user holds it
    -- is known only when the user is locked, which comes second.
    PERFORM FROM organizations o WHERE o.id = caller->>'organizationId' FOR NO KEY UPDATE;
    person := lock_caller_and_user(caller, request);

    refusal := CASE
        WHEN (caller->>'credential' IN ('BEARER', 'SESSION', 'COMMAND_LINE')) IS NOT TRUE
            OR NOT is_organization_administrator(caller) THEN 'FORBIDDEN'
        WHEN person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN is_last_administrator(person) THEN 'LAST_ADMINISTRATOR'
    END;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF refusal IS NULL THEN
        plan := ARRAY(SELECT s FROM plan_offboarding(person, request) s);
        ended := active_sessions(person.id);
        record := ROW(
            request->>'offboardingId', person.organization_id, person.id,
            coalesce(request->>'userId', request->>'userLogin'), caller->>'actor', caller->>'credential',
            request->>'reason', now(), caller->>'traceId')::offboardings;
    END IF;
    IF applied THEN
        INSERT INTO offboardings SELECT record.*;
        PERFORM supersede_grants(person);
        PERFORM adopt_removals(record);
        PERFORM begin_offboarding_steps(record, plan);
        PERFORM take_assignments(person, plan);
        ended := end_active_sessions(person.id);
        PERFORM refuse_earlier_tokens(person.id);
        SELECT * INTO person FROM users u WHERE u.id = person.id;
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'offboarding', CASE WHEN applied THEN describe_offboarding(record)
                            WHEN refusal IS NULL THEN describe_dry_run(record, plan) END,
        'user', CASE WHEN refusal IS NULL THEN to_jsonb(person) END,
        'sessionEffect', CASE WHEN ended = '[]' THEN 'NONE' ELSE 'ENDED' END,
        'sessions', ended,
        'steps', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'kind', s.kind, 'projectId', s.project_id, 'roleId', s.role_id, 'globalRole', s.global_role,
                      'resourceId', s.resource_id, 'target', s.requested_target, 'system', s.system, 'state', s.state,
                      'code', s.code) ORDER BY s.number), '[]')
                  FROM unnest(plan) s WHERE s.state IS NOT NULL)
    );
END
$$;

-- Ends the grants to a user whose outcome isn't known: whatever became of them, it is taken away. The calls before the
-- records, as settle_upstream_call has them.
CREATE FUNCTION supersede_grants(person users) RETURNS void LANGUAGE sql AS $$
    WITH superseded AS (
        DELETE FROM upstream_calls c USING grants_under_way(person) g WHERE c.id = g.id RETURNING c.id
    )
    UPDATE grants g SET state = 'REFUSED', code = 'CONFLICT', settled_at = clock_timestamp()
    FROM superseded s WHERE g.id = s.id
$$;

-- Makes the removals that are under way steps of the off-boarding: it has not ended before they have, and what is refused
-- in the end, so that the user has it still, is told of.
CREATE FUNCTION adopt_removals(record offboardings) RETURNS void LANGUAGE sql AS $$
    UPDATE revocations v SET offboarding_id = record.id
    WHERE v.user_id = record.user_id AND v.state = 'PENDING' AND v.offboarding_id IS NULL
$$;

-- Writes the revocations of an off-boarding, and the calls of those that another system carries out.
CREATE FUNCTION begin_offboarding_steps(record offboardings, plan offboarding_step[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begun integer;
BEGIN
    INSERT INTO revocations (
        id, organization_id, kind, state, code, user_id, project_id, role_id, global_role, resource_id, project_role,
        requested_user, requested_target, actor, credential, reason, requested_at, settled_at, trace_id, system,
        offboarding_id
    )
    SELECT step_id(record.id, s.number), record.organization_id, s.kind, s.state, s.code, record.user_id, s.project_id,
           s.role_id, s.global_role, s.resource_id, s.project_role, record.requested_user, s.requested_target,
           record.actor, record.credential, record.reason, record.started_at,
           CASE WHEN s.state <> 'PENDING' THEN clock_timestamp() END, record.trace_id, s.system, record.id
    FROM unnest(plan) s WHERE s.state IS NOT NULL;

    -- What a grant may have brought about there without anybody knowing here counts as tried once: "not assigned" is
    -- then as good as done, and only a judgement of the request itself ends it otherwise.
    INSERT INTO upstream_calls (
        id, organization_id, system, action, user_name, target_name, held, attempts, next_attempt_at, requested_at, trace_id
    )
    SELECT step_id(record.id, s.number), record.organization_id, s.system, 'REMOVE', s.user_name, s.target_name, s.held,
           CASE WHEN s.held THEN 0 ELSE 1 END, s.not_before, record.started_at, record.trace_id
    FROM unnest(plan) s WHERE s.state = 'PENDING'
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS begun = ROW_COUNT;
    -- Another call of the same names began since the plan was made.
    PERFORM refuse_if_gone(begun = (SELECT count(*) FROM unnest(plan) s WHERE s.state = 'PENDING'));
END
$$;

CREATE FUNCTION step_id(offboarding_id text, number integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'rev_' || substr(offboarding_id, length('off_') + 1) || '-' || lpad(number::text, 6, '0')
$$;

-- Takes away what the plan says, deactivates the user, and leaves what was refused: it is still there.
CREATE FUNCTION take_assignments(person users, plan offboarding_step[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
    all_taken integer := 0;
BEGIN
    DELETE FROM project_members m USING unnest(plan) s
    WHERE s.held AND s.code IS NULL AND s.kind = 'PROJECT' AND m.user_id = person.id AND m.project_id = s.project_id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    all_taken := all_taken + taken;
    DELETE FROM role_users h USING unnest(plan) s
    WHERE s.held AND s.code IS NULL AND s.kind = 'ROLE' AND h.user_id = person.id AND h.role_id = s.role_id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    all_taken := all_taken + taken;
    DELETE FROM user_resources d USING unnest(plan) s
    WHERE s.held AND s.code IS NULL AND s.kind = 'RESOURCE' AND d.user_id = person.id AND d.resource_id = s.resource_id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    all_taken := all_taken + taken;
    PERFORM refuse_if_gone(all_taken = (
        SELECT count(*) FROM unnest(plan) s WHERE s.held AND s.code IS NULL AND s.kind <> 'GLOBAL_ROLE'));

    UPDATE users u
    SET active = false,
        global_roles = ARRAY(SELECT kept FROM unnest(u.global_roles) kept WHERE NOT EXISTS (
            SELECT FROM unnest(plan) s WHERE s.held AND s.code IS NULL AND s.global_role = kept))
    WHERE u.id = person.id;

    -- If a removal that was under way before is refused in the end, the directory says so again.
    UPDATE upstream_calls c SET held = true FROM unnest(plan) s
    WHERE s.state IS NULL AND c.organization_id = person.organization_id AND c.system = s.system
      AND c.user_name = s.user_name AND c.target_name = s.target_name;
END
$$;
