-- Every table of the library, as lists of steps. A database counts how many steps of a list it has, so a list is only
-- ever appended to. The SQL is portable: SQLite and PostgreSQL take it as it is.
local db = require "native.db"
local key_proof = require "partnerapp.store.key_proof"
local migrations = require "partnerapp.store.migrations"

local schema = {}

local STEPS = {}

STEPS.installs = {
	[[CREATE TABLE pa_installs (
		id TEXT PRIMARY KEY,
		client_id TEXT NOT NULL,
		name TEXT NOT NULL,
		client TEXT,
		redirect_uri TEXT,
		app_name TEXT, workspace TEXT, source TEXT, scope TEXT,
		access_token BYTEA NOT NULL,
		expires_at DOUBLE PRECISION NOT NULL,
		version BIGINT NOT NULL DEFAULT 1,
		lease_until DOUBLE PRECISION NOT NULL DEFAULT 0,
		health TEXT NOT NULL DEFAULT 'ok', health_reason TEXT,
		created_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
		UNIQUE (client_id, name));
	CREATE INDEX pa_installs_created ON pa_installs (created_at)]],
	"ALTER TABLE pa_installs ADD COLUMN asked_scope TEXT",
	[[ALTER TABLE pa_installs ADD COLUMN server TEXT;
	ALTER TABLE pa_installs ADD COLUMN refresh_token BYTEA;
	ALTER TABLE pa_installs ADD COLUMN renew_at DOUBLE PRECISION NOT NULL DEFAULT 0;
	ALTER TABLE pa_installs ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
	UPDATE pa_installs SET renew_at = expires_at - 360;
	CREATE INDEX pa_installs_renew_at ON pa_installs (renew_at);
	DROP INDEX pa_installs_created;
	CREATE INDEX pa_installs_newest ON pa_installs (created_at, id);
	CREATE INDEX pa_installs_name ON pa_installs (name)]],
}

STEPS.oauth = {
	[[CREATE TABLE pa_claims (state TEXT PRIMARY KEY, expires DOUBLE PRECISION NOT NULL);
	CREATE INDEX pa_claims_expires ON pa_claims (expires)]],
}

STEPS.sessions = {
	[[CREATE TABLE pa_sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL, created BIGINT NOT NULL,
		expires BIGINT NOT NULL);
	CREATE INDEX pa_sessions_expires ON pa_sessions (expires)]],
}

STEPS.jobs = {
	[[CREATE TABLE pa_jobs (name TEXT PRIMARY KEY, last_run DOUBLE PRECISION NOT NULL DEFAULT 0,
		lease_until DOUBLE PRECISION NOT NULL DEFAULT 0, last_error TEXT)]],
}

STEPS.readiness = { "CREATE TABLE pa_readiness (id BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)" }

local LISTS = { "installs", "oauth", "sessions", "jobs", "readiness" }

local prepared = {} -- by list, once in a VM

--- Makes the tables of one list, or brings them up to date.
---@param list "installs"|"oauth"|"sessions"|"jobs"|"readiness"
---@return true?, string? message, string? code "newer" when a newer program wrote the database, or one of native.db
function schema.prepare(list)
	if prepared[list] then
		return true
	end
	local ok, err, code = migrations.apply(list, STEPS[list], db.script)
	prepared[list] = ok
	return ok, err, code
end

--- The same for all tables, after a look whether SECRET_KEY opens what the database holds: before a server serves.
---@return true?, string? message, string? code also "key"
function schema.prepare_all()
	local fine, why, word = key_proof.check()
	if not fine then
		return nil, why, word
	end
	for _, list in ipairs(LISTS) do
		local ok, err, code = schema.prepare(list)
		if not ok then
			return nil, err, code
		end
	end
	return true
end

return schema
