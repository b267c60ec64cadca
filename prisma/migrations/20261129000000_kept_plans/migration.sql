-- The same functions as before, in PL/pgSQL. PostgreSQL 15 reads and plans a function in SQL that it can't inline at every
-- call; the statements of one in PL/pgSQL are planned once a connection. That was more than half of what a removal cost
-- the database.

-- Whether anything is left to start a session for, leaving one project and one role out of account.
CREATE OR REPLACE FUNCTION can_start_session(
    person text, without_project text DEFAULT NULL, without_role text DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM users u WHERE u.id = person AND u.active)
       AND (
           EXISTS (SELECT FROM project_members m
                   WHERE m.user_id = person AND m.project_id IS DISTINCT FROM without_project)
           OR EXISTS (SELECT FROM user_resources d WHERE d.user_id = person)
           OR EXISTS (SELECT FROM role_users h JOIN role_resources g ON g.role_id = h.role_id
                      WHERE h.user_id = person AND h.role_id IS DISTINCT FROM without_role)
       );
END
$$;

-- Whether the user can start a session once it holds what the record names.
CREATE OR REPLACE FUNCTION could_start_session(record jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN can_start_session(record->>'user_id') OR EXISTS (
        SELECT FROM users u WHERE u.id = record->>'user_id' AND u.active
          AND (record->>'project_id' IS NOT NULL OR record->>'resource_id' IS NOT NULL
               OR EXISTS (SELECT FROM role_resources g WHERE g.role_id = record->>'role_id'))
    );
END
$$;

-- The authority that the caller holds at this moment. The roles of a token stand until it expires; what comes from the
-- directory is read again. Someone who was deactivated holds nothing, whatever the token says.
CREATE OR REPLACE FUNCTION caller_authorities(caller jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    claimed text[] := ARRAY(SELECT jsonb_array_elements_text(caller->'claims'));
BEGIN
    RETURN coalesce((
        SELECT CASE
            WHEN NOT u.active THEN '{}'
            WHEN u.org_admin AND caller->>'credential' IN ('SESSION', 'API_KEY')
                THEN claimed || u.global_roles::text[] || 'ORG_ADMIN'::text
            ELSE claimed || u.global_roles::text[]
        END
        FROM users u WHERE u.id = caller->>'userId' AND u.organization_id = caller->>'organizationId'
    ), claimed);
END
$$;

-- Whether the user is the last active one who holds ADMIN. What is being removed elsewhere counts as gone, also where an
-- import has brought it back meanwhile.
CREATE OR REPLACE FUNCTION is_last_administrator(person users) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN person.active AND person.global_roles @> ARRAY['ADMIN'::global_role] AND NOT EXISTS (
        SELECT FROM users u
        WHERE u.organization_id = person.organization_id AND u.id <> person.id
          AND u.active AND u.global_roles @> ARRAY['ADMIN'::global_role]
          AND NOT EXISTS (
              SELECT FROM revocations v
              WHERE v.user_id = u.id AND v.global_role = 'ADMIN' AND v.state = 'PENDING')
    );
END
$$;

CREATE OR REPLACE FUNCTION active_sessions(person text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.started_at DESC, s.id DESC), '[]')
        FROM sessions s WHERE s.user_id = person AND is_active(s)
    );
END
$$;

-- Ends the user's active sessions and returns them as they are then.
CREATE OR REPLACE FUNCTION end_active_sessions(person text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    WITH ended AS (
        UPDATE sessions s SET ended_at = clock_timestamp() WHERE s.user_id = person AND is_active(s) RETURNING s.*
    )
    SELECT coalesce(jsonb_agg(to_jsonb(ended) ORDER BY started_at DESC, id DESC), '[]') INTO answer FROM ended;
    RETURN answer;
END
$$;

-- Refuses every token that was issued to the user until now, and returns the user. The instant is the end of this
-- millisecond: rounded down it would lie before a token that was issued earlier in it. It never goes back.
CREATE OR REPLACE FUNCTION refuse_earlier_tokens(person text) RETURNS users LANGUAGE plpgsql AS $$
DECLARE
    changed users;
BEGIN
    UPDATE users u
    SET tokens_not_before = greatest(
        u.tokens_not_before, date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond')
    WHERE u.id = person
    RETURNING u.* INTO changed;
    RETURN changed;
END
$$;

-- As what the user holds what the record names: its role in the project, an empty text for everything else. Null where
-- it doesn't hold it.
--   record  a row of revocations or grants
CREATE OR REPLACE FUNCTION held_as(record jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE record->>'kind'
        WHEN 'PROJECT' THEN (SELECT m.role FROM project_members m
            WHERE m.user_id = record->>'user_id' AND m.project_id = record->>'project_id')
        WHEN 'ROLE' THEN (SELECT '' FROM role_users h
            WHERE h.user_id = record->>'user_id' AND h.role_id = record->>'role_id')
        WHEN 'GLOBAL_ROLE' THEN (SELECT '' FROM users u
            WHERE u.id = record->>'user_id' AND u.global_roles @> ARRAY[(record->>'global_role')::global_role])
        WHEN 'RESOURCE' THEN (SELECT '' FROM user_resources d
            WHERE d.user_id = record->>'user_id' AND d.resource_id = record->>'resource_id')
    END;
END
$$;

-- Everything a user holds, as ids in order: what a session is started with.
CREATE OR REPLACE FUNCTION access_of(
    person text, OUT project_ids text[], OUT role_ids text[], OUT resource_ids text[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    project_ids := ARRAY(SELECT m.project_id FROM project_members m WHERE m.user_id = person ORDER BY 1);
    role_ids := ARRAY(SELECT h.role_id FROM role_users h WHERE h.user_id = person ORDER BY 1);
    resource_ids := ARRAY(
        SELECT d.resource_id FROM user_resources d WHERE d.user_id = person
        UNION
        SELECT g.resource_id FROM role_users h JOIN role_resources g ON g.role_id = h.role_id WHERE h.user_id = person
        ORDER BY 1);
END
$$;
