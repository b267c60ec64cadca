-- The directory: tables, keys and the rules that the tables themselves hold.
--
-- Ids are compared byte by byte (COLLATE "C"): lists are paged by them, so their order must be the same on every
-- server, and an upgrade of the server's locales must not change it under an index. Every column that holds an id says
-- so, because an index is used only where both sides of a comparison agree.

-- CreateEnum
CREATE TYPE "feature" AS ENUM ('MANAGEMENT_API');

-- CreateEnum
CREATE TYPE "global_role" AS ENUM ('ADMIN', 'API_KEYS', 'BASE_ROLE', 'BASIC_SUPPORT_USER', 'FULL_SUPPORT_USER', 'LIVE_AGENT_ADMIN', 'LIVE_AGENT_AGENT', 'LIVE_AGENT_SUPERVISOR', 'ODATA', 'PROJECT_ASSIGNER', 'PROJECT_MANAGER', 'USER_MANAGER', 'USER_DETAILS_VIEWER', 'VOICE_GATEWAY_USER', 'OPS_CENTER_USER');

-- CreateEnum
CREATE TYPE "revocation_kind" AS ENUM ('PROJECT', 'ROLE', 'GLOBAL_ROLE', 'RESOURCE');

-- CreateEnum
CREATE TYPE "revocation_state" AS ENUM ('DONE', 'REFUSED', 'PENDING');

-- CreateEnum
CREATE TYPE "upstream_system" AS ENUM ('VOUCHERIFY', 'ENTRYGUARD', 'COGNIGY');

-- CreateEnum
CREATE TYPE "upstream_action" AS ENUM ('REMOVE', 'GRANT');

-- CreateTable
CREATE TABLE "organizations" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "features" "feature"[] NOT NULL DEFAULT ARRAY[]::"feature"[],

    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "login" TEXT NOT NULL,
    "name" TEXT,
    "subject" TEXT NOT NULL,
    "org_admin" BOOLEAN NOT NULL DEFAULT false,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "global_roles" "global_role"[] NOT NULL DEFAULT ARRAY[]::"global_role"[],
    "tokens_not_before" TIMESTAMPTZ(3),
    "external_ids" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "resources" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "resources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_resources" (
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "resource_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "user_resources_pkey" PRIMARY KEY ("user_id","resource_id")
);

-- CreateTable
CREATE TABLE "projects" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "external_ids" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project_members" (
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "project_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "role" TEXT NOT NULL,

    CONSTRAINT "project_members_pkey" PRIMARY KEY ("user_id","project_id")
);

-- CreateTable
CREATE TABLE "roles" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "external_ids" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "roles_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "role_resources" (
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "role_id" TEXT COLLATE "C" NOT NULL,
    "resource_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "role_resources_pkey" PRIMARY KEY ("role_id","resource_id")
);

-- CreateTable
CREATE TABLE "role_users" (
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "role_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "role_users_pkey" PRIMARY KEY ("user_id","role_id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "token_hash" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "project_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "role_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "resource_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "management_tokens" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "management_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "revocations" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "kind" "revocation_kind" NOT NULL,
    "state" "revocation_state" NOT NULL,
    "code" TEXT,
    "user_id" TEXT COLLATE "C",
    "project_id" TEXT COLLATE "C",
    "role_id" TEXT COLLATE "C",
    "global_role" "global_role",
    "resource_id" TEXT COLLATE "C",
    "project_role" TEXT,
    "requested_user" TEXT NOT NULL,
    "requested_target" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "reason" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "trace_id" TEXT NOT NULL,
    "system" "upstream_system",
    "upstream_trace_id" TEXT,
    "offboarding_id" TEXT COLLATE "C",

    CONSTRAINT "revocations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grants" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "kind" "revocation_kind" NOT NULL,
    "state" "revocation_state" NOT NULL,
    "code" TEXT,
    "user_id" TEXT COLLATE "C",
    "project_id" TEXT COLLATE "C",
    "role_id" TEXT COLLATE "C",
    "global_role" "global_role",
    "resource_id" TEXT COLLATE "C",
    "project_role" TEXT,
    "requested_user" TEXT NOT NULL,
    "requested_target" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "reason" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "trace_id" TEXT NOT NULL,
    "system" "upstream_system",
    "upstream_trace_id" TEXT,
    "revocation_id" TEXT COLLATE "C",

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "offboardings" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "requested_user" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "reason" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "trace_id" TEXT NOT NULL,

    CONSTRAINT "offboardings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upstream_calls" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "system" "upstream_system" NOT NULL,
    "action" "upstream_action" NOT NULL,
    "user_name" TEXT COLLATE "C" NOT NULL,
    "target_name" TEXT COLLATE "C" NOT NULL,
    "project_role" TEXT,
    "held" BOOLEAN NOT NULL,
    "attempts" INTEGER NOT NULL,
    "undone" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(6) NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "trace_id" TEXT NOT NULL,

    CONSTRAINT "upstream_calls_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "users_global_roles_idx" ON "users" USING GIN ("global_roles");

-- CreateIndex
CREATE INDEX "users_external_ids_idx" ON "users" USING GIN ("external_ids" jsonb_path_ops);

-- CreateIndex
CREATE UNIQUE INDEX "users_organization_id_id_key" ON "users"("organization_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "users_organization_id_login_key" ON "users"("organization_id", "login");

-- CreateIndex
CREATE UNIQUE INDEX "users_organization_id_subject_key" ON "users"("organization_id", "subject");

-- CreateIndex
CREATE UNIQUE INDEX "resources_organization_id_id_key" ON "resources"("organization_id", "id");

-- CreateIndex
CREATE INDEX "user_resources_resource_id_idx" ON "user_resources"("resource_id");

-- CreateIndex
CREATE INDEX "projects_external_ids_idx" ON "projects" USING GIN ("external_ids" jsonb_path_ops);

-- CreateIndex
CREATE UNIQUE INDEX "projects_organization_id_id_key" ON "projects"("organization_id", "id");

-- CreateIndex
CREATE INDEX "project_members_project_id_user_id_idx" ON "project_members"("project_id", "user_id");

-- CreateIndex
CREATE INDEX "roles_external_ids_idx" ON "roles" USING GIN ("external_ids" jsonb_path_ops);

-- CreateIndex
CREATE UNIQUE INDEX "roles_organization_id_id_key" ON "roles"("organization_id", "id");

-- CreateIndex
CREATE INDEX "role_resources_resource_id_idx" ON "role_resources"("resource_id");

-- CreateIndex
CREATE INDEX "role_users_role_id_user_id_idx" ON "role_users"("role_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_token_hash_key" ON "sessions"("token_hash");

-- CreateIndex
CREATE INDEX "sessions_user_id_started_at_id_idx" ON "sessions"("user_id", "started_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "management_tokens_organization_id_idx" ON "management_tokens"("organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE INDEX "revocations_organization_id_requested_at_id_idx" ON "revocations"("organization_id", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "revocations_organization_id_kind_requested_at_id_idx" ON "revocations"("organization_id", "kind", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "revocations_organization_id_state_requested_at_id_idx" ON "revocations"("organization_id", "state", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "revocations_user_id_requested_at_id_idx" ON "revocations"("user_id", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "revocations_offboarding_id_requested_at_id_idx" ON "revocations"("offboarding_id", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "grants_organization_id_requested_at_id_idx" ON "grants"("organization_id", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "grants_user_id_requested_at_id_idx" ON "grants"("user_id", "requested_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "offboardings_organization_id_started_at_id_idx" ON "offboardings"("organization_id", "started_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "offboardings_user_id_started_at_id_idx" ON "offboardings"("user_id", "started_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "offboardings_organization_id_id_key" ON "offboardings"("organization_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "revocations_organization_id_id_key" ON "revocations"("organization_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "upstream_calls_organization_id_system_user_name_target_name_key" ON "upstream_calls"("organization_id", "system", "user_name", "target_name");

-- CreateIndex
CREATE INDEX "upstream_calls_organization_id_system_next_attempt_at_idx" ON "upstream_calls"("organization_id", "system", "next_attempt_at");

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "resources" ADD CONSTRAINT "resources_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_resources" ADD CONSTRAINT "user_resources_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_resources" ADD CONSTRAINT "user_resources_organization_id_resource_id_fkey" FOREIGN KEY ("organization_id", "resource_id") REFERENCES "resources"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "projects" ADD CONSTRAINT "projects_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_organization_id_project_id_fkey" FOREIGN KEY ("organization_id", "project_id") REFERENCES "projects"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "roles" ADD CONSTRAINT "roles_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_resources" ADD CONSTRAINT "role_resources_organization_id_role_id_fkey" FOREIGN KEY ("organization_id", "role_id") REFERENCES "roles"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_resources" ADD CONSTRAINT "role_resources_organization_id_resource_id_fkey" FOREIGN KEY ("organization_id", "resource_id") REFERENCES "resources"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_users" ADD CONSTRAINT "role_users_organization_id_role_id_fkey" FOREIGN KEY ("organization_id", "role_id") REFERENCES "roles"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_users" ADD CONSTRAINT "role_users_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "management_tokens" ADD CONSTRAINT "management_tokens_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_project_id_fkey" FOREIGN KEY ("organization_id", "project_id") REFERENCES "projects"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_role_id_fkey" FOREIGN KEY ("organization_id", "role_id") REFERENCES "roles"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_resource_id_fkey" FOREIGN KEY ("organization_id", "resource_id") REFERENCES "resources"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_organization_id_offboarding_id_fkey" FOREIGN KEY ("organization_id", "offboarding_id") REFERENCES "offboardings"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_project_id_fkey" FOREIGN KEY ("organization_id", "project_id") REFERENCES "projects"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_role_id_fkey" FOREIGN KEY ("organization_id", "role_id") REFERENCES "roles"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_resource_id_fkey" FOREIGN KEY ("organization_id", "resource_id") REFERENCES "resources"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_organization_id_revocation_id_fkey" FOREIGN KEY ("organization_id", "revocation_id") REFERENCES "revocations"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "offboardings" ADD CONSTRAINT "offboardings_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "offboardings" ADD CONSTRAINT "offboardings_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id") REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upstream_calls" ADD CONSTRAINT "upstream_calls_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What an id, a login and a secret's hash look like, whoever writes the row.
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_id_check" CHECK ("id" ~ '^org_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "users" ADD CONSTRAINT "users_id_check" CHECK ("id" ~ '^user_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "projects" ADD CONSTRAINT "projects_id_check" CHECK ("id" ~ '^proj_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "roles" ADD CONSTRAINT "roles_id_check" CHECK ("id" ~ '^role_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "resources" ADD CONSTRAINT "resources_id_check" CHECK ("id" ~ '^res_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_id_check" CHECK ("id" ~ '^sess_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_id_check" CHECK ("id" ~ '^rev_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "grants" ADD CONSTRAINT "grants_id_check" CHECK ("id" ~ '^grant_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "offboardings" ADD CONSTRAINT "offboardings_id_check" CHECK ("id" ~ '^off_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "management_tokens" ADD CONSTRAINT "management_tokens_id_check" CHECK ("id" ~ '^mgmt_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_id_check" CHECK ("id" ~ '^key_[A-Za-z0-9-]{1,64}$');
ALTER TABLE "users" ADD CONSTRAINT "users_login_check" CHECK (
    char_length("login") BETWEEN 1 AND 254
    AND "login" !~ '^(org|user|proj|role|res|sess|rev|grant|off)_[A-Za-z0-9-]{1,64}$'
);
ALTER TABLE "management_tokens" ADD CONSTRAINT "management_tokens_token_hash_check" CHECK ("token_hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_key_hash_check" CHECK ("key_hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_token_hash_check" CHECK ("token_hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_state_check" CHECK (
    ("state" = 'REFUSED') = ("code" IS NOT NULL)
    AND ("state" = 'PENDING') = ("settled_at" IS NULL)
);
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_reason_check" CHECK (char_length("reason") <= 500);
ALTER TABLE "grants" ADD CONSTRAINT "grants_state_check" CHECK (
    ("state" = 'REFUSED') = ("code" IS NOT NULL)
    AND ("state" = 'PENDING') = ("settled_at" IS NULL)
);
ALTER TABLE "grants" ADD CONSTRAINT "grants_reason_check" CHECK (char_length("reason") <= 500);
ALTER TABLE "offboardings" ADD CONSTRAINT "offboardings_reason_check" CHECK (char_length("reason") <= 500);
ALTER TABLE "users" ADD CONSTRAINT "users_external_ids_check" CHECK (jsonb_typeof("external_ids") = 'object');
ALTER TABLE "projects" ADD CONSTRAINT "projects_external_ids_check" CHECK (jsonb_typeof("external_ids") = 'object');
ALTER TABLE "roles" ADD CONSTRAINT "roles_external_ids_check" CHECK (jsonb_typeof("external_ids") = 'object');
