-- Giving back: the grants, as database functions. What …_removals says of locks, snapshots, refusals and other systems
-- holds here too. Where another system owns the assignment, the function begins the grant: it writes the record as
-- PENDING together with the call that is to be made, and the directory has the assignment when the call is settled as
-- done, not before.
--
-- Every function takes two JSON objects and returns one:
--   caller   as for the removals
--   request  userId or userLogin, projectId / roleId / globalRole, projectRole, reason, dryRun, grantId, upstream
--   answer   refusal (null, or why not), applied, system, call, grant, user, project, role, revocation, canStartSession

-- A restore may name no removal of the organization: then it is known neither of what kind it was nor about whom. It
-- never names a user.
ALTER TABLE "grants" ALTER COLUMN "kind" DROP NOT NULL;
ALTER TABLE "grants" ALTER COLUMN "requested_user" DROP NOT NULL;
ALTER TABLE "grants" ADD CONSTRAINT "grants_kind_check" CHECK ("kind" IS NOT NULL OR "state" = 'REFUSED');

-- CreateIndex
CREATE INDEX "grants_organization_id_kind_requested_at_id_idx" ON "grants"("organization_id", "kind", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "grants_organization_id_state_requested_at_id_idx" ON "grants"("organization_id", "state", "requested_at" DESC, "id" DESC);

-- ------------------------------------------------------------------ who may give what

-- Whether the caller may give such access at this moment: whoever may take it away. The kinds of credential are those
-- of permissions.ts. It looks at them again, because the rule of a restore can't know what is to be restored.
CREATE FUNCTION may_give(caller jsonb, kind revocation_kind, given global_role DEFAULT NULL)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(CASE
        WHEN kind = 'PROJECT' AND caller->>'credential' = 'MANAGEMENT_TOKEN' THEN true
        WHEN kind = 'GLOBAL_ROLE' THEN caller->>'credential' IN ('BEARER', 'SESSION', 'API_KEY', 'CXONE')
            AND caller_authorities(caller) && CASE WHEN given = 'ADMIN' THEN ARRAY['ORG_ADMIN', 'ADMIN']
                                              ELSE ARRAY['ORG_ADMIN', 'ADMIN', 'USER_MANAGER'] END
        ELSE caller->>'credential' IN ('BEARER', 'SESSION') AND is_organization_administrator(caller)
    END, false)
$$;

-- ------------------------------------------------------------------ what a user holds, and what is on record of it

-- As what the user holds what the record names: its role in the project, an empty text for everything else. Null where
-- it doesn't hold it.
--   record  a row of revocations or grants
CREATE FUNCTION held_as(record jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE record->>'kind'
        WHEN 'PROJECT' THEN (SELECT m.role FROM project_members m
            WHERE m.user_id = record->>'user_id' AND m.project_id = record->>'project_id')
        WHEN 'ROLE' THEN (SELECT '' FROM role_users h
            WHERE h.user_id = record->>'user_id' AND h.role_id = record->>'role_id')
        WHEN 'GLOBAL_ROLE' THEN (SELECT '' FROM users u
            WHERE u.id = record->>'user_id' AND u.global_roles @> ARRAY[(record->>'global_role')::global_role])
        WHEN 'RESOURCE' THEN (SELECT '' FROM user_resources d
            WHERE d.user_id = record->>'user_id' AND d.resource_id = record->>'resource_id')
    END
$$;

-- Every removal and grant of the same user and target as the record's.
CREATE FUNCTION records_of_the_same(record jsonb, OUT id text, OUT state revocation_state, OUT settled_at timestamptz)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT same.id, same.state, same.settled_at
    FROM (
        SELECT v.id, v.state, v.settled_at, v.kind, v.project_id, v.role_id, v.global_role, v.resource_id
        FROM revocations v WHERE v.user_id = record->>'user_id'
        UNION ALL
        SELECT g.id, g.state, g.settled_at, g.kind, g.project_id, g.role_id, g.global_role, g.resource_id
        FROM grants g WHERE g.user_id = record->>'user_id'
    ) same
    WHERE same.kind = (record->>'kind')::revocation_kind
      AND same.project_id IS NOT DISTINCT FROM record->>'project_id'
      AND same.role_id IS NOT DISTINCT FROM record->>'role_id'
      AND same.global_role IS NOT DISTINCT FROM (record->>'global_role')::global_role
      AND same.resource_id IS NOT DISTINCT FROM record->>'resource_id'
$$;

-- Whether the user can start a session once it holds what the record names.
CREATE FUNCTION could_start_session(record jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT can_start_session(record->>'user_id') OR EXISTS (
        SELECT FROM users u WHERE u.id = record->>'user_id' AND u.active
          AND (record->>'project_id' IS NOT NULL OR record->>'resource_id' IS NOT NULL
               OR EXISTS (SELECT FROM role_resources g WHERE g.role_id = record->>'role_id'))
    )
$$;

-- ------------------------------------------------------------------ the record

-- Writes the record of one attempt and returns it: PENDING where another system has yet to do it. A dry run leaves no
-- record, and neither does what the system's grammar doesn't allow.
--   given  what it is about: organization_id, kind, user_id … project_role of the row
CREATE FUNCTION record_grant(caller jsonb, request jsonb, given jsonb, refusal text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    outcome revocation_state := CASE
        WHEN refusal IS NOT NULL THEN 'REFUSED' WHEN upstream_of(request) IS NOT NULL THEN 'PENDING' ELSE 'DONE' END;
    restored text COLLATE "C" := request->>'revocationId';
    written grants;
BEGIN
    IF is_dry_run(request) OR refusal LIKE 'MALFORMED\_%' THEN
        RETURN NULL;
    END IF;
    INSERT INTO grants (
        id, organization_id, kind, state, code, user_id, project_id, role_id, global_role, resource_id, project_role,
        requested_user, requested_target, actor, credential, reason, requested_at, settled_at, trace_id, system,
        revocation_id
    ) VALUES (
        request->>'grantId', caller->>'organizationId', (given->>'kind')::revocation_kind, outcome,
        CASE WHEN refusal LIKE '%\_NOT\_FOUND' THEN 'NOT_FOUND' WHEN refusal LIKE 'CONFLICT%' THEN 'CONFLICT'
             ELSE refusal END,
        given->>'user_id', given->>'project_id', given->>'role_id', (given->>'global_role')::global_role,
        given->>'resource_id', given->>'project_role',
        CASE WHEN restored IS NULL THEN coalesce(request->>'userId', request->>'userLogin') END,
        coalesce(restored, request->>'projectId', request->>'roleId', request->>'globalRole'),
        caller->>'actor', caller->>'credential', request->>'reason', now(),
        CASE WHEN outcome <> 'PENDING' THEN clock_timestamp() END, caller->>'traceId', upstream_of(request),
        (SELECT v.id FROM revocations v WHERE v.id = restored AND v.organization_id = caller->>'organizationId')
    ) RETURNING * INTO written;
    RETURN to_jsonb(written);
END
$$;

-- What a request is about, in the columns of its record. What is null isn't in the directory, or isn't of that kind.
CREATE FUNCTION describe_grant(
    caller jsonb, request jsonb, kind revocation_kind, person_id text, project_id text, role_id text
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'organization_id', caller->>'organizationId', 'kind', kind, 'user_id', person_id, 'project_id', project_id,
        'role_id', role_id, 'global_role', request->>'globalRole', 'resource_id', request->>'resourceId',
        'project_role', request->>'projectRole'
    )
$$;

-- The removal that a request wants restored; nulls where the organization has none of that id.
CREATE FUNCTION find_removal(caller jsonb, request jsonb) RETURNS revocations LANGUAGE plpgsql STABLE AS $$
DECLARE
    removal_id text COLLATE "C" := request->>'revocationId';
    taken revocations;
BEGIN
    SELECT * INTO taken FROM revocations v
    WHERE v.id = removal_id AND v.organization_id = caller->>'organizationId';
    RETURN taken;
END
$$;

-- A request to restore a removal, as one for what it took.
CREATE FUNCTION request_restored(request jsonb, taken revocations) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT request || jsonb_build_object(
        'userId', taken.user_id, 'projectId', taken.project_id, 'roleId', taken.role_id,
        'globalRole', taken.global_role, 'resourceId', taken.resource_id, 'projectRole', taken.project_role
    )
$$;

-- The record of an attempt that a permission rule refused before any grant was tried. The kind is null for a restore.
CREATE FUNCTION record_grant_refusal(caller jsonb, request jsonb, kind revocation_kind, refusal text)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    taken revocations := find_removal(caller, request);
    asked jsonb := CASE WHEN kind IS NULL THEN request_restored(request, taken) ELSE request END;
BEGIN
    RETURN record_grant(caller, request, describe_grant(
        caller, asked, coalesce(kind, taken.kind), find_user(caller, asked),
        (find_project(caller, asked)).id, (find_role(caller, asked)).id
    ), refusal);
END
$$;

-- ------------------------------------------------------------------ the grants

-- Gives what was asked for, or begins to, once the user is locked and the entries are found. `refusal` is why not, where
-- that is known already.
CREATE FUNCTION give_access(
    caller jsonb, request jsonb, kind revocation_kind, refusal text, person users, project projects, granted roles
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    is_local boolean := upstream_of(request) IS NULL;
    given jsonb := describe_grant(caller, request, kind, person.id, project.id, granted.id);
    user_name text := upstream_name(
        request, person.id, person.external_ids, coalesce(request->>'userId', request->>'userLogin'));
    target_name text := CASE kind
        WHEN 'PROJECT' THEN upstream_name(request, project.id, project.external_ids, request->>'projectId')
        WHEN 'ROLE' THEN upstream_name(request, granted.id, granted.external_ids, request->>'roleId')
        WHEN 'GLOBAL_ROLE' THEN request->'upstream'->'targetNames'->>(request->>'globalRole')
    END;
    applied boolean;
BEGIN
    refusal := coalesce(refusal, CASE
        WHEN NOT is_local AND name_refusal(request, user_name, target_name) IS NOT NULL
            THEN name_refusal(request, user_name, target_name)
        WHEN is_local AND kind = 'PROJECT' AND project.id IS NULL THEN 'PROJECT_NOT_FOUND'
        WHEN is_local AND kind = 'ROLE' AND granted.id IS NULL THEN 'ROLE_NOT_FOUND'
        WHEN is_local AND person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN NOT person.active THEN 'CONFLICT_INACTIVE'
        WHEN held_as(given) IS NOT NULL THEN 'CONFLICT_ASSIGNED'
        -- Whether it is taken away or given has to be known first: a removal that ends after this would undo it. Beside
        -- the names of the call, because those may have changed, or the directory be the authority by now.
        WHEN EXISTS (SELECT FROM records_of_the_same(given) r WHERE r.state = 'PENDING') THEN 'CONFLICT'
    END);
    refusal := coalesce(refusal, begin_upstream_call(
        caller, request, request->>'grantId', 'GRANT', user_name, target_name, false, given->>'project_role'));

    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied AND is_local THEN
        PERFORM give_assignment(given);
        -- Whoever doesn't lock the user may have given it meanwhile, with another role.
        PERFORM refuse_if_gone(held_as(given) IS NOT DISTINCT FROM coalesce(given->>'project_role', ''));
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'system', upstream_of(request),
        'call', describe_call(request, refusal, user_name, target_name, false),
        'grant', record_grant(caller, request, given, refusal),
        'user', (SELECT to_jsonb(u) FROM users u WHERE u.id = person.id),
        'project', CASE WHEN project.id IS NOT NULL THEN to_jsonb(project) END,
        'role', CASE WHEN granted.id IS NOT NULL THEN to_jsonb(granted) END,
        'canStartSession', could_start_session(given)
    );
END
$$;

CREATE FUNCTION assign_user_to_project(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    project projects := find_project(caller, request);
    person users := lock_caller_and_user(caller, request);
BEGIN
    RETURN give_access(
        caller, request, 'PROJECT', CASE WHEN NOT may_give(caller, 'PROJECT') THEN 'FORBIDDEN' END,
        person, project, NULL);
END
$$;

CREATE FUNCTION assign_user_to_role(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    granted roles := find_role(caller, request);
    person users := lock_caller_and_user(caller, request);
BEGIN
    RETURN give_access(
        caller, request, 'ROLE', CASE WHEN NOT may_give(caller, 'ROLE') THEN 'FORBIDDEN' END, person, NULL, granted);
END
$$;

CREATE FUNCTION add_global_role(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    given global_role := request->>'globalRole';
    person users := lock_caller_and_user(caller, request);
BEGIN
    RETURN give_access(
        caller, request, 'GLOBAL_ROLE', CASE WHEN NOT may_give(caller, 'GLOBAL_ROLE', given) THEN 'FORBIDDEN' END,
        person, NULL, NULL);
END
$$;

-- Gives again exactly what one removal took, to whom it took it from, as long as nothing has changed that since.
--   request  revocationId, reason, dryRun, grantId, upstreams (the upstream of each kind that has one)
CREATE FUNCTION restore_access(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    -- Whom and what a removal is about never changes.
    asked jsonb := request_restored(request, find_removal(caller, request));
    person users := lock_caller_and_user(caller, asked);
    project projects := find_project(caller, asked);
    granted roles := find_role(caller, asked);
    -- Under the lock: it may have been PENDING until now.
    taken revocations := find_removal(caller, request);
    refusal text;
BEGIN
    refusal := CASE
        WHEN taken.id IS NULL AND (
            may_give(caller, 'PROJECT') OR may_give(caller, 'ROLE') OR may_give(caller, 'GLOBAL_ROLE')
        ) THEN 'REVOCATION_NOT_FOUND'
        WHEN taken.id IS NULL OR NOT may_give(caller, taken.kind, taken.global_role) THEN 'FORBIDDEN'
        WHEN taken.state <> 'DONE' THEN 'CONFLICT_NOT_DONE'
        WHEN CASE taken.kind
                WHEN 'PROJECT' THEN person.id IS NULL OR project.id IS NULL OR taken.project_role IS NULL
                WHEN 'ROLE' THEN person.id IS NULL OR granted.id IS NULL
                ELSE person.id IS NULL
             END THEN 'CONFLICT_UNKNOWN'
        WHEN EXISTS (
            SELECT FROM records_of_the_same(to_jsonb(taken)) r
            WHERE r.state = 'DONE' AND r.id <> taken.id AND r.settled_at >= taken.settled_at
        ) THEN 'CONFLICT_CHANGED'
    END;
    asked := asked || jsonb_build_object('upstream', request->'upstreams'->(taken.kind::text));
    RETURN give_access(caller, asked, taken.kind, refusal, person, project, granted)
        || jsonb_build_object('revocation', CASE WHEN taken.id IS NOT NULL THEN to_jsonb(taken) END);
END
$$;
