-- The removals, as database functions: lock, check, change and record in one call, so that the assignment, the
-- sessions and the record stand or fall together.
--
-- Every function takes two JSON objects and returns one:
--   caller   organizationId, credential, actor, userId or null, claims (the roles that a verified token carries),
--            tokenIssuedAt or null (seconds), traceId
--   request  userId or userLogin, projectId / roleId / globalRole, reason, dryRun, revocationId, upstream
--   answer   refusal (null, or why not), applied, call, revocation, user, project / role, sessionEffect, sessions,
--            canStartSession, remainingGlobalRoles
--
-- Where another system owns the assignment, `upstream` says which: system, userPattern and targetPattern (what its
-- names look like), ignoresCase (whether it takes a name in capitals for the same), targetNames (how it spells the global
-- roles), leaseSeconds (for how long the caller of the function may be at the call). The function then begins the removal: it takes the assignment away, so that it counts as gone
-- from here on, and writes the record as PENDING together with the call that is to be made. settle_upstream_call ends
-- it. What the directory doesn't know is passed on as given, and whether the user is assigned is for the owner to say.
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

-- Whether the user is the last active one who holds ADMIN. What is being removed elsewhere counts as gone, also where an
-- import has brought it back meanwhile.
CREATE FUNCTION is_last_administrator(person users) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT person.active AND person.global_roles @> ARRAY['ADMIN'::global_role] AND NOT EXISTS (
        SELECT FROM users u
        WHERE u.organization_id = person.organization_id AND u.id <> person.id
          AND u.active AND u.global_roles @> ARRAY['ADMIN'::global_role]
          AND NOT EXISTS (
              SELECT FROM revocations v
              WHERE v.user_id = u.id AND v.global_role = 'ADMIN' AND v.state = 'PENDING')
    )
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

-- ------------------------------------------------------------------ entries, and their names in other systems

-- The system that a request goes to; null where the directory is the authority.
CREATE FUNCTION upstream_of(request jsonb) RETURNS upstream_system LANGUAGE sql STABLE AS $$
    SELECT (request->'upstream'->>'system')::upstream_system
$$;

-- A name as the system of the request spells it: in small letters where capitals mean the same to it. Spelt otherwise it
-- would be somebody else here and the same user there.
CREATE FUNCTION spell_name(upstream jsonb, name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN (upstream->>'ignoresCase')::boolean THEN lower(name) ELSE name END
$$;

-- An entry's name in the system that the request goes to: its external id there, or its own id; as it was given where
-- the directory has no such entry.
CREATE FUNCTION upstream_name(request jsonb, entry_id text, external_ids jsonb, given text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT spell_name(request->'upstream', CASE WHEN entry_id IS NULL THEN given
           ELSE coalesce(external_ids->>(request->'upstream'->>'system'), entry_id) END)
$$;

-- What an entry's external ids must hold to be the one that has this name in the system of the request.
CREATE FUNCTION external_id(request jsonb, name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(request->'upstream'->>'system', spell_name(request->'upstream', name))
$$;

-- The entries that a request names: by their own ids (a user also by its login), else by their names in the system that
-- the request goes to. Without the latter, what is named as the upstream names it would go there and stay here. A user's
-- login is one of those names, also where it is given as an id.
CREATE FUNCTION find_user(caller jsonb, request jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    organization text COLLATE "C" := caller->>'organizationId';
    named text := coalesce(request->>'userId', request->>'userLogin');
    found_id text;
BEGIN
    IF request->>'userId' IS NOT NULL THEN
        SELECT u.id INTO found_id FROM users u WHERE u.id = named AND u.organization_id = organization;
    ELSE
        SELECT u.id INTO found_id FROM users u WHERE u.login = named AND u.organization_id = organization;
    END IF;
    IF found_id IS NULL AND upstream_of(request) IS NOT NULL THEN
        SELECT u.id INTO found_id FROM users u
        WHERE u.organization_id = organization AND u.external_ids @> external_id(request, named)
        ORDER BY u.id LIMIT 1;
    END IF;
    IF found_id IS NULL AND upstream_of(request) IS NOT NULL THEN
        SELECT u.id INTO found_id FROM users u WHERE u.login = named AND u.organization_id = organization;
    END IF;
    RETURN found_id;
END
$$;

CREATE FUNCTION find_project(caller jsonb, request jsonb) RETURNS projects LANGUAGE plpgsql STABLE AS $$
DECLARE
    organization text COLLATE "C" := caller->>'organizationId';
    project projects;
BEGIN
    SELECT * INTO project FROM projects p WHERE p.id = request->>'projectId' AND p.organization_id = organization;
    IF project.id IS NULL AND upstream_of(request) IS NOT NULL THEN
        SELECT * INTO project FROM projects p
        WHERE p.organization_id = organization AND p.external_ids @> external_id(request, request->>'projectId')
        ORDER BY p.id LIMIT 1;
    END IF;
    RETURN project;
END
$$;

CREATE FUNCTION find_role(caller jsonb, request jsonb) RETURNS roles LANGUAGE plpgsql STABLE AS $$
DECLARE
    organization text COLLATE "C" := caller->>'organizationId';
    granted roles;
BEGIN
    SELECT * INTO granted FROM roles r WHERE r.id = request->>'roleId' AND r.organization_id = organization;
    IF granted.id IS NULL AND upstream_of(request) IS NOT NULL THEN
        SELECT * INTO granted FROM roles r
        WHERE r.organization_id = organization AND r.external_ids @> external_id(request, request->>'roleId')
        ORDER BY r.id LIMIT 1;
    END IF;
    RETURN granted;
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
    person_id := find_user(caller, request);
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

-- Writes the record of one attempt and returns it: PENDING where another system has yet to do it. `refusal` null means
-- that it was not refused. A dry run leaves no record, and neither does what the system's grammar doesn't allow.
CREATE FUNCTION record_revocation(
    caller jsonb, request jsonb, kind revocation_kind, refusal text, person_id text,
    project_id text DEFAULT NULL, role_id text DEFAULT NULL, project_role text DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    outcome revocation_state := CASE
        WHEN refusal IS NOT NULL THEN 'REFUSED' WHEN upstream_of(request) IS NOT NULL THEN 'PENDING' ELSE 'DONE' END;
    record revocations;
BEGIN
    IF is_dry_run(request) OR refusal LIKE 'MALFORMED\_%' THEN
        RETURN NULL;
    END IF;
    INSERT INTO revocations (
        id, organization_id, kind, state, code, user_id, project_id, role_id, global_role, project_role,
        requested_user, requested_target, actor, credential, reason, requested_at, settled_at, trace_id, system
    ) VALUES (
        request->>'revocationId', caller->>'organizationId', kind, outcome,
        CASE WHEN refusal LIKE '%\_NOT\_FOUND' THEN 'NOT_FOUND' ELSE refusal END,
        person_id, project_id, role_id, (request->>'globalRole')::global_role,
        CASE WHEN refusal IS NULL THEN project_role END,
        coalesce(request->>'userId', request->>'userLogin'),
        coalesce(request->>'projectId', request->>'roleId', request->>'globalRole'),
        caller->>'actor', caller->>'credential', request->>'reason', now(),
        CASE WHEN outcome <> 'PENDING' THEN clock_timestamp() END, caller->>'traceId', upstream_of(request)
    ) RETURNING * INTO record;
    RETURN to_jsonb(record);
END
$$;

-- The record of an attempt that a permission rule refused before any removal was tried.
CREATE FUNCTION record_refusal(caller jsonb, request jsonb, kind revocation_kind, refusal text)
RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
    SELECT record_revocation(caller, request, kind, refusal, find_user(caller, request),
        (find_project(caller, request)).id, (find_role(caller, request)).id)
$$;

-- ------------------------------------------------------------------ the call that is to be made

-- Why a call can't be made for what its names look like; null where it can, and where none is to be made.
CREATE FUNCTION name_refusal(request jsonb, user_name text, target_name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN target_name !~ (request->'upstream'->>'targetPattern') THEN 'MALFORMED_TARGET'
        WHEN user_name !~ (request->'upstream'->>'userPattern') THEN 'MALFORMED_USER'
    END
$$;

-- Writes down the call that carries out what the request asks for, where another system does, as an attempt that is
-- under way for `leaseSeconds`. Only one call can be under way for a user and a target: CONFLICT where there is another
-- one, whose outcome has to be known first. Otherwise, and for a dry run that could begin, null.
CREATE FUNCTION begin_upstream_call(
    caller jsonb, request jsonb, call_id text, action upstream_action, user_name text, target_name text, held boolean,
    project_role text DEFAULT NULL
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    owner upstream_system := upstream_of(request);
BEGIN
    IF owner IS NULL THEN
        RETURN NULL;
    ELSIF is_dry_run(request) THEN
        RETURN CASE WHEN EXISTS (
            SELECT FROM upstream_calls c
            WHERE c.organization_id = caller->>'organizationId' AND c.system = owner
              AND c.user_name = begin_upstream_call.user_name AND c.target_name = begin_upstream_call.target_name
        ) THEN 'CONFLICT' END;
    END IF;
    INSERT INTO upstream_calls (
        id, organization_id, system, action, user_name, target_name, project_role, held, attempts, next_attempt_at,
        requested_at, trace_id
    ) VALUES (
        call_id, caller->>'organizationId', owner, action, user_name, target_name, project_role, held, 1,
        clock_timestamp() + make_interval(secs => (request->'upstream'->>'leaseSeconds')::double precision),
        now(), caller->>'traceId'
    ) ON CONFLICT DO NOTHING;
    RETURN CASE WHEN NOT FOUND THEN 'CONFLICT' END;
END
$$;

-- What the caller of the function needs to know to make the call; null where none is to be made.
CREATE FUNCTION describe_call(request jsonb, refusal text, user_name text, target_name text, held boolean)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN refusal IS NULL AND upstream_of(request) IS NOT NULL AND NOT is_dry_run(request)
        THEN jsonb_build_object('userName', user_name, 'targetName', target_name, 'held', held) END
$$;

-- ------------------------------------------------------------------ the three removals

CREATE FUNCTION unassign_user_from_project(caller jsonb, request jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    project projects := find_project(caller, request);
    person users := lock_caller_and_user(caller, request);
    is_local boolean := upstream_of(request) IS NULL;
    target_name text := upstream_name(request, project.id, project.external_ids, request->>'projectId');
    user_name text := upstream_name(
        request, person.id, person.external_ids, coalesce(request->>'userId', request->>'userLogin'));
    held text;
    refusal text;
    applied boolean;
    ended jsonb := '[]';
BEGIN
    SELECT m.role INTO held FROM project_members m WHERE m.user_id = person.id AND m.project_id = project.id;

    refusal := CASE
        WHEN caller->>'credential' IS DISTINCT FROM 'MANAGEMENT_TOKEN' AND NOT is_organization_administrator(caller)
            THEN 'FORBIDDEN'
        WHEN NOT is_local AND name_refusal(request, user_name, target_name) IS NOT NULL
            THEN name_refusal(request, user_name, target_name)
        WHEN is_local AND project.id IS NULL THEN 'PROJECT_NOT_FOUND'
        WHEN is_local AND person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN is_local AND held IS NULL THEN 'NOT_ASSIGNED'
        -- What is being removed counts as gone, also where an import has brought it back meanwhile.
        WHEN held IS NOT NULL AND NOT EXISTS (
            SELECT FROM project_members m
            WHERE m.user_id = person.id AND m.project_id <> project.id AND NOT EXISTS (
                SELECT FROM revocations v
                WHERE v.user_id = m.user_id AND v.project_id = m.project_id AND v.state = 'PENDING')
        ) THEN 'LAST_PROJECT'
    END;
    refusal := coalesce(refusal, begin_upstream_call(
        caller, request, request->>'revocationId', 'REMOVE', user_name, target_name, held IS NOT NULL));

    IF refusal IS NULL AND held IS NOT NULL THEN
        ended := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied AND held IS NOT NULL THEN
        DELETE FROM project_members m WHERE m.user_id = person.id AND m.project_id = project.id;
        PERFORM refuse_if_gone(FOUND);
        ended := end_active_sessions(person.id);
        person := refuse_earlier_tokens(person.id);
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'call', describe_call(request, refusal, user_name, target_name, held IS NOT NULL),
        'revocation', record_revocation(caller, request, 'PROJECT', refusal, person.id, project.id, NULL, held),
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
    granted roles := find_role(caller, request);
    person users := lock_caller_and_user(caller, request);
    is_local boolean := upstream_of(request) IS NULL;
    target_name text := upstream_name(request, granted.id, granted.external_ids, request->>'roleId');
    user_name text := upstream_name(
        request, person.id, person.external_ids, coalesce(request->>'userId', request->>'userLogin'));
    held boolean;
    refusal text;
    applied boolean;
    running jsonb := '[]';
BEGIN
    held := EXISTS (SELECT FROM role_users h WHERE h.user_id = person.id AND h.role_id = granted.id);

    refusal := CASE
        WHEN NOT is_organization_administrator(caller) THEN 'FORBIDDEN'
        WHEN NOT is_local AND name_refusal(request, user_name, target_name) IS NOT NULL
            THEN name_refusal(request, user_name, target_name)
        WHEN is_local AND granted.id IS NULL THEN 'ROLE_NOT_FOUND'
        WHEN is_local AND person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN is_local AND NOT held THEN 'NOT_ASSIGNED'
    END;
    refusal := coalesce(refusal, begin_upstream_call(
        caller, request, request->>'revocationId', 'REMOVE', user_name, target_name, held));

    IF refusal IS NULL THEN
        running := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied AND held THEN
        DELETE FROM role_users h WHERE h.user_id = person.id AND h.role_id = granted.id;
        PERFORM refuse_if_gone(FOUND);
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'call', describe_call(request, refusal, user_name, target_name, held),
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
    target_name text := request->'upstream'->'targetNames'->>(request->>'globalRole');
    is_local boolean := upstream_of(request) IS NULL;
    person users;
    user_name text;
    authorities text[];
    held boolean;
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
    authorities := caller_authorities(caller);
    user_name := upstream_name(
        request, person.id, person.external_ids, coalesce(request->>'userId', request->>'userLogin'));
    held := coalesce(removed = ANY (person.global_roles), false);

    refusal := CASE
        WHEN (authorities && ARRAY['ORG_ADMIN', 'ADMIN', 'USER_MANAGER']) IS NOT TRUE THEN 'FORBIDDEN'
        WHEN removed = 'ADMIN' AND (authorities && ARRAY['ORG_ADMIN', 'ADMIN']) IS NOT TRUE THEN 'FORBIDDEN'
        WHEN NOT is_local AND name_refusal(request, user_name, target_name) IS NOT NULL
            THEN name_refusal(request, user_name, target_name)
        WHEN is_local AND person.id IS NULL THEN 'USER_NOT_FOUND'
        WHEN is_local AND NOT held THEN 'NOT_ASSIGNED'
        WHEN removed = 'ADMIN' AND is_last_administrator(person) THEN 'LAST_ADMINISTRATOR'
    END;
    refusal := coalesce(refusal, begin_upstream_call(
        caller, request, request->>'revocationId', 'REMOVE', user_name, target_name, held));

    IF refusal IS NULL THEN
        running := active_sessions(person.id);
    END IF;
    applied := refusal IS NULL AND NOT is_dry_run(request);
    IF applied AND held THEN
        UPDATE users u SET global_roles = array_remove(u.global_roles, removed)
        WHERE u.id = person.id RETURNING * INTO person;
    END IF;

    RETURN jsonb_build_object(
        'refusal', refusal,
        'applied', applied,
        'call', describe_call(request, refusal, user_name, target_name, held),
        'revocation', record_revocation(caller, request, 'GLOBAL_ROLE', refusal, person.id),
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

-- A settled record is never changed, and none is ever deleted: not by a mistake in this program either. While it is
-- PENDING, all that may change is how it ends, and that an off-boarding makes it a step of its own.
CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends text[] := ARRAY['state', 'code', 'settled_at', 'upstream_trace_id'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD)->>'offboarding_id' IS NULL THEN
            ends := ends || 'offboarding_id'::text;
        END IF;
        IF OLD.state = 'PENDING' AND (to_jsonb(NEW) - ends) = (to_jsonb(OLD) - ends) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% are append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER revocations_are_append_only BEFORE UPDATE OR DELETE ON revocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER revocations_are_never_truncated BEFORE TRUNCATE ON revocations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER grants_are_append_only BEFORE UPDATE OR DELETE ON grants
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER grants_are_never_truncated BEFORE TRUNCATE ON grants
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
