-- The removals, as database functions: lock, check, change and record in one call, so that the assignment, the
-- sessions and the record stand or fall together.
--
-- Every function takes two JSON objects and returns one:
--   caller   organizationId, credential, actor, userId or null, claims (the roles that a verified token carries),
--            tokenIssuedAt or null (seconds), traceId
--   request  userId or userLogin, projectId / roleId / globalRole, reason, dryRun, revocationId
--   answer   refusal (null, or why not), applied, revocation, user, project / role, sessionEffect, sessions,
--            canStartSession, remainingGlobalRoles
--
-- In READ COMMITTED every statement of a volatile function takes a new snapshot. So what a function reads after it
-- got its locks is what the transactions it waited for have committed. That order is the whole point: a count that is
-- taken before the lock, even in the same statement, lets two removals take the last project together. (Under
-- REPEATABLE READ it would not hold: the gateway sets the level on each of its connections.)
--
-- A check that comes out as NULL must refuse, not pass: hence IS NOT TRUE in place of NOT.

-- ------------------------------------------------------------------ what may be reached, and by whom

-- Whether anything is left to start a session for, leaving one project and one role out of account.
CREATE FUNCTION can_start_session(person text, without_project text DEFAULT NULL, without_role text DEFAULT NULL)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM users u WHERE u.id = person AND u.active)
       AND (
           EXISTS (SELECT FROM project_members m
                   WHERE m.user_id = person AND m.project_id IS DISTINCT FROM without_project)
           OR EXISTS (SELECT FROM user_resources d WHERE d.user_id = person)
           OR EXISTS (SELECT FROM role_users h JOIN role_resources g ON g.role_id = h.role_id
                      WHERE h.user_id = person AND h.role_id IS DISTINCT FROM without_role)
       )
$$;

-- The authority that the caller holds at this moment. The roles of a token stand until it expires; what comes from the
-- directory is read again. Someone who was deactivated holds nothing, whatever the token says.
CREATE FUNCTION caller_authorities(caller jsonb) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN u.id IS NULL THEN claims.held
        WHEN NOT u.active THEN '{}'
        WHEN u.org_admin AND caller->>'credential' IN ('SESSION', 'API_KEY')
            THEN claims.held || u.global_roles::text[] || 'ORG_ADMIN'::text
        ELSE claims.held || u.global_roles::text[]
    END
    FROM (SELECT ARRAY(SELECT jsonb_array_elements_text(caller->'claims')) AS held) claims
    LEFT JOIN users u ON u.id = caller->>'userId' AND u.organization_id = caller->>'organizationId'
$$;

-- Whether the caller is an administrator of the organization at this moment.
CREATE FUNCTION is_organization_administrator(caller jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce('ORG_ADMIN' = ANY (caller_authorities(caller)), false)
$$;

-- Nothing is changed unless the request says that it is meant.
CREATE FUNCTION is_dry_run(request jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((request->>'dryRun')::boolean, true)
$$;

CREATE FUNCTION is_active(session sessions) RETURNS boolean LANGUAGE sql AS $$
    SELECT session.ended_at IS NULL AND session.expires_at > clock_timestamp()
$$;

CREATE FUNCTION active_sessions(person text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.started_at DESC, s.id DESC), '[]')
    FROM sessions s WHERE s.user_id = person AND is_active(s)
$$;

-- ------------------------------------------------------------------ what a removal does to sessions and tokens

-- Ends the user's active sessions and returns them as they are then.
CREATE FUNCTION end_active_sessions(person text) RETURNS jsonb LANGUAGE sql AS $$
    WITH ended AS (
        UPDATE sessions s SET ended_at = clock_timestamp() WHERE s.user_id = person AND is_active(s) RETURNING s.*
    )
    SELECT coalesce(jsonb_agg(to_jsonb(ended) ORDER BY started_at DESC, id DESC), '[]') FROM ended
$$;

-- Refuses every token that was issued to the user until now, and returns the user. The instant is the end of this
-- millisecond: rounded down it would lie before a token that was issued earlier in it. It never goes back.
CREATE FUNCTION refuse_earlier_tokens(person text) RETURNS users LANGUAGE sql AS $$
    UPDATE users u
    SET tokens_not_before = greatest(
        u.tokens_not_before, date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond')
    WHERE u.id = person
    RETURNING u.*
$$;

-- The assignment was there and was replaced before it could be deleted, by an import that doesn't lock the user.
-- Nothing may be acknowledged then: the transaction is undone, and the caller can ask again.
CREATE FUNCTION refuse_if_gone(deleted boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT deleted THEN
        RAISE EXCEPTION 'the assignment was changed at the same time' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;

-- ------------------------------------------------------------------ locks

-- Locks the caller's row (shared: its authority can't change under us) and the user's (for the change), and returns
-- the user as it is once locked. Two administrators may be removing each other: rows are locked in the order of their
-- ids, so neither waits for the other for ever. Null where the organization has no such user.
CREATE FUNCTION lock_caller_and_user(caller jsonb, request jsonb) RETURNS users LANGUAGE plpgsql AS $$
DECLARE
    caller_id text COLLATE "C" := caller->>'userId';
    person_id text COLLATE "C";
    person users;
BEGIN
    IF request->>'userId' IS NOT NULL THEN
        SELECT u.id INTO person_id FROM users u
        WHERE u.id = request->>'userId' AND u.organization_id = caller->>'organizationId';
    ELSE
        SELECT u.id INTO person_id FROM users u
        WHERE u.login = request->>'userLogin' AND u.organization_id = caller->>'organizationId';
    END IF;
    IF caller_id < person_id OR person_id IS NULL THEN
        PERFORM FROM users u WHERE u.id = caller_id FOR SHARE;
    END IF;
    SELECT * INTO person FROM users u WHERE u.id = person_id FOR NO KEY UPDATE;
    IF caller_id > person_id THEN
        PERFORM FROM users u WHERE u.id = caller_id FOR SHARE;
    END IF;
    RETURN person;
END
$$;

-- ------------------------------------------------------------------ the record

-- Writes the record of one attempt and returns it; a dry run leaves none. `refusal` null means done.
CREATE FUNCTION record_revocation(
    caller jsonb, request jsonb, kind revocation_kind, refusal text, person_id text, project_id text, role_id text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    record revocations;
BEGIN
    IF is_dry_run(request) THEN
        RETURN NULL;
    END IF;
    INSERT INTO revocations (
        id, organization_id, kind, state, code, user_id, project_id, role_id, global_role, requested_user,
        requested_target, actor, credential, reason, requested_at, settled_at, trace_id
    ) VALUES (
        request->>'revocationId', caller->>'organizationId', kind,
        CASE WHEN refusal IS NULL THEN 'DONE' ELSE 'REFUSED' END::revocation_state,
        CASE WHEN refusal LIKE '%\_NOT\_FOUND' THEN 'NOT_FOUND' ELSE refusal END,
        person_id, project_id, role_id, (request->>'globalRole')::global_role,
        coalesce(request->>'userId', request->>'userLogin'),
        coalesce(request->>'projectId', request->>'roleId', request->>'globalRole'),
        caller->>'actor', caller->>'credential', request->>'reason', now(), clock_timestamp(), caller->>'traceId'
    ) RETURNING * INTO record;
    RETURN to_jsonb(record);
END
$$;

-- The record of an attempt that a permission rule refused before any removal was tried.
CREATE FUNCTION record_refusal(caller jsonb, request jsonb, kind revocation_kind, refusal text)
RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
    SELECT record_revocation(caller, request, kind, refusal,
        (SELECT u.id FROM users u WHERE u.organization_id = caller->>'organizationId'
            AND (u.id = request->>'userId' OR u.login = request->>'userLogin')),
        (SELECT p.id FROM projects p
            WHERE p.id = request->>'projectId' AND p.organization_id = caller->>'organizationId'),
        (SELECT r.id FROM roles r WHERE r.id = request->>'roleId' AND r.organization_id = caller->>'organizationId'))
$$;

-- ------------------------------------------------------------------ the three removals

CREATE FUNCTION unassign_user_from_project(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    project projects;
    person users;
    refusal text;
    applied boolean;
    ended jsonb := '[]';
BEGIN
    SELECT * INTO project FROM projects p
    WHERE p.id = request->>'projectId' AND p.organization_id = caller->>'organizationId';
    person := lock_caller_and_user(caller, request);

    refusal := CASE
        WHEN caller->>'credential' IS DISTINCT FROM 'MANAGEMENT_TOKEN' AND NOT is_organization_administrator(caller)
            THEN 'FORBIDDEN'
        WHEN project.id IS NULL THEN 'PROJECT_NOT_FOUND'
        WHEN person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN NOT EXISTS (SELECT FROM project_members m WHERE m.user_id = person.id AND m.project_id = project.id)
            THEN 'NOT_ASSIGNED'
        WHEN (SELECT count(*) FROM project_members m WHERE m.user_id = person.id) = 1 THEN 'LAST_PROJECT'
    END;

    IF refusal IS NULL THEN
        ended := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied THEN
        DELETE FROM project_members m WHERE m.user_id = person.id AND m.project_id = project.id;
        PERFORM refuse_if_gone(FOUND);
        ended := end_active_sessions(person.id);
        person := refuse_earlier_tokens(person.id);
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'revocation', record_revocation(caller, request, 'PROJECT', refusal, person.id, project.id, NULL),
        'user', CASE WHEN person.id IS NOT NULL THEN to_jsonb(person) END,
        'project', CASE WHEN project.id IS NOT NULL THEN to_jsonb(project) END,
        'sessionEffect', CASE WHEN ended = '[]' THEN 'NONE' ELSE 'ENDED' END,
        'sessions', ended,
        'canStartSession', coalesce(can_start_session(
            person.id, without_project => CASE WHEN refusal IS NULL THEN project.id END), false)
    );
END
$$;

CREATE FUNCTION unassign_user_from_role(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    granted roles;
    person users;
    refusal text;
    applied boolean;
    running jsonb := '[]';
BEGIN
    SELECT * INTO granted FROM roles r
    WHERE r.id = request->>'roleId' AND r.organization_id = caller->>'organizationId';
    person := lock_caller_and_user(caller, request);

    refusal := CASE
        WHEN NOT is_organization_administrator(caller) THEN 'FORBIDDEN'
        WHEN granted.id IS NULL THEN 'ROLE_NOT_FOUND'
        WHEN person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN NOT EXISTS (SELECT FROM role_users h WHERE h.user_id = person.id AND h.role_id = granted.id)
            THEN 'NOT_ASSIGNED'
    END;

    IF refusal IS NULL THEN
        running := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied THEN
        DELETE FROM role_users h WHERE h.user_id = person.id AND h.role_id = granted.id;
        PERFORM refuse_if_gone(FOUND);
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'revocation', record_revocation(caller, request, 'ROLE', refusal, person.id, NULL, granted.id),
        'user', CASE WHEN person.id IS NOT NULL THEN to_jsonb(person) END,
        'role', CASE WHEN granted.id IS NOT NULL THEN to_jsonb(granted) END,
        'sessionEffect', CASE WHEN running = '[]' THEN 'NONE' ELSE 'CONTINUE_UNTIL_EXPIRY' END,
        'sessions', running,
        'canStartSession', coalesce(can_start_session(
            person.id, without_role => CASE WHEN refusal IS NULL THEN granted.id END), false)
    );
END
$$;

CREATE FUNCTION remove_global_role(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    removed global_role := request->>'globalRole';
    person users;
    held text[];
    refusal text;
    applied boolean;
    running jsonb := '[]';
BEGIN
    -- Who else holds ADMIN is a question about the whole organization, so removals of ADMIN queue for its row: ahead
    -- of the users' rows, always in that order.
    IF removed = 'ADMIN' THEN
        PERFORM FROM organizations o WHERE o.id = caller->>'organizationId' FOR NO KEY UPDATE;
    END IF;
    person := lock_caller_and_user(caller, request);
    held := caller_authorities(caller);

    refusal := CASE
        WHEN (held && ARRAY['ORG_ADMIN', 'ADMIN', 'USER_MANAGER']) IS NOT TRUE THEN 'FORBIDDEN'
        WHEN removed = 'ADMIN' AND (held && ARRAY['ORG_ADMIN', 'ADMIN']) IS NOT TRUE THEN 'FORBIDDEN'
        WHEN person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN (removed = ANY (person.global_roles)) IS NOT TRUE THEN 'NOT_ASSIGNED'
        WHEN removed = 'ADMIN' AND person.active AND NOT EXISTS (
            SELECT FROM users u
            WHERE u.organization_id = person.organization_id AND u.id <> person.id
              AND u.active AND u.global_roles @> ARRAY['ADMIN'::global_role]
        ) THEN 'LAST_ADMINISTRATOR'
    END;

    IF refusal IS NULL THEN
        running := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied THEN
        UPDATE users u SET global_roles = array_remove(u.global_roles, removed)
        WHERE u.id = person.id RETURNING * INTO person;
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'revocation', record_revocation(caller, request, 'GLOBAL_ROLE', refusal, person.id, NULL, NULL),
        'user', CASE WHEN person.id IS NOT NULL THEN to_jsonb(person) END,
        'sessionEffect', CASE WHEN running = '[]' THEN 'NONE' ELSE 'CONTINUE_UNTIL_EXPIRY' END,
        'sessions', running,
        'canStartSession', coalesce(can_start_session(person.id), false),
        'remainingGlobalRoles', to_jsonb(array_remove(person.global_roles, removed))
    );
END
$$;

-- ------------------------------------------------------------------ sessions

-- Starts a session for the caller's user. The shared lock makes it wait for a removal that is under way, so a session
-- never holds what a removal that was answered before it took away.
--   request  sessionId, tokenHash, ttlSeconds
CREATE FUNCTION start_session(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    person users;
    started sessions;
    refusal text;
BEGIN
    SELECT * INTO person FROM users u
    WHERE u.id = caller->>'userId' AND u.organization_id = caller->>'organizationId' FOR SHARE;
    refusal := CASE
        WHEN person.id IS NULL OR NOT person.active THEN 'UNAUTHENTICATED'
        WHEN to_timestamp((caller->>'tokenIssuedAt')::double precision) < person.tokens_not_before
            THEN 'UNAUTHENTICATED'
        WHEN can_start_session(person.id) IS NOT TRUE THEN 'NO_ACCESS'
    END;
    IF refusal IS NULL THEN
        INSERT INTO sessions (
            id, organization_id, user_id, token_hash, started_at, expires_at, project_ids, role_ids, resource_ids
        )
        SELECT request->>'sessionId', person.organization_id, person.id, request->>'tokenHash',
               -- Never before the instant since which the user's sessions count, to the millisecond.
               greatest(clock_timestamp(), person.tokens_not_before),
               clock_timestamp() + make_interval(secs => (request->>'ttlSeconds')::integer),
               held.project_ids, held.role_ids, held.resource_ids
        FROM access_of(person.id) held
        RETURNING * INTO started;
    END IF;
    RETURN jsonb_build_object('refusal', refusal, 'session', CASE WHEN refusal IS NULL THEN to_jsonb(started) END);
END
$$;

-- Everything a user holds, as ids in order: what a session is started with.
CREATE FUNCTION access_of(person text, OUT project_ids text[], OUT role_ids text[], OUT resource_ids text[])
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT m.project_id FROM project_members m WHERE m.user_id = person ORDER BY 1),
           ARRAY(SELECT h.role_id FROM role_users h WHERE h.user_id = person ORDER BY 1),
           ARRAY(SELECT d.resource_id FROM user_resources d WHERE d.user_id = person
                 UNION
                 SELECT g.resource_id FROM role_users h JOIN role_resources g ON g.role_id = h.role_id
                 WHERE h.user_id = person
                 ORDER BY 1)
$$;

-- Ends a session of the caller's own, or any of the organization's for ORG_ADMIN. One that has ended already is
-- answered as it is.
--   request  sessionId
CREATE FUNCTION end_session(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    target sessions;
    refusal text;
BEGIN
    PERFORM FROM users u WHERE u.id = caller->>'userId' FOR SHARE;
    SELECT * INTO target FROM sessions s
    WHERE s.id = request->>'sessionId' AND s.organization_id = caller->>'organizationId' FOR NO KEY UPDATE;
    refusal := CASE
        WHEN target.id IS NULL THEN 'SESSION_NOT_FOUND'
        WHEN target.user_id IS DISTINCT FROM caller->>'userId' AND NOT is_organization_administrator(caller)
            THEN 'FORBIDDEN'
    END;
    IF refusal IS NULL AND target.ended_at IS NULL THEN
        UPDATE sessions s SET ended_at = clock_timestamp() WHERE s.id = target.id RETURNING * INTO target;
    END IF;
    RETURN jsonb_build_object('refusal', refusal, 'session', CASE WHEN refusal IS NULL THEN to_jsonb(target) END);
END
$$;

-- ------------------------------------------------------------------ append-only

-- A settled revocation is never changed, and none is ever deleted: not by a mistake in this program either.
CREATE FUNCTION refuse_change_of_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'PENDING' AND NEW.state <> 'PENDING'
           AND (to_jsonb(NEW) - ARRAY['state', 'code', 'settled_at']) = (to_jsonb(OLD) - ARRAY['state', 'code', 'settled_at'])
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'revocations are append-only' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER revocations_are_append_only BEFORE UPDATE OR DELETE ON revocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_revocation();
CREATE TRIGGER revocations_are_never_truncated BEFORE TRUNCATE ON revocations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_revocation();
