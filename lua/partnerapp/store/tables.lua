-- Every table of the library, as lists of steps (store/migrations.lua). A database counts how many steps of a list it
-- has, so a list is only ever appended to. The SQL is portable: SQLite and PostgreSQL take it as it is.
local tables = {}

tables.installs = {
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
	-- What was saved before for Segment has no server: a demo's sandbox may have been its Segment.
	[[CREATE TABLE pa_installs_again (
		id TEXT PRIMARY KEY,
		server TEXT, api_origin TEXT,
		client_id TEXT NOT NULL,
		name TEXT NOT NULL,
		client TEXT,
		redirect_uri TEXT,
		app_name TEXT, workspace TEXT, source TEXT, scope TEXT, asked_scope TEXT,
		access_token BYTEA NOT NULL,
		refresh_token BYTEA,
		expires_at DOUBLE PRECISION NOT NULL,
		renew_at DOUBLE PRECISION NOT NULL DEFAULT 0,
		version BIGINT NOT NULL DEFAULT 1,
		lease_until DOUBLE PRECISION NOT NULL DEFAULT 0,
		failures BIGINT NOT NULL DEFAULT 0,
		health TEXT NOT NULL DEFAULT 'ok', health_reason TEXT,
		created_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
		UNIQUE (server, client_id, name));
	INSERT INTO pa_installs_again (id, server, client_id, name, client, redirect_uri, app_name, workspace, source, scope,
		asked_scope, access_token, refresh_token, expires_at, renew_at, version, lease_until, failures, health,
		health_reason, created_at, updated_at)
		SELECT id, server, client_id, name, client, redirect_uri, app_name, workspace, source, scope,
		asked_scope, access_token, refresh_token, expires_at, renew_at, version, lease_until, failures, health,
		health_reason, created_at, updated_at FROM pa_installs;
	DROP TABLE pa_installs;
	ALTER TABLE pa_installs_again RENAME TO pa_installs;
	CREATE INDEX pa_installs_renew_at ON pa_installs (renew_at);
	CREATE INDEX pa_installs_newest ON pa_installs (created_at, id);
	CREATE INDEX pa_installs_name ON pa_installs (name)]],
	-- A token that does not expire has neither time. No statement takes NOT NULL off a column in both databases.
	[[DROP INDEX pa_installs_renew_at;
	ALTER TABLE pa_installs ADD COLUMN ends DOUBLE PRECISION;
	ALTER TABLE pa_installs ADD COLUMN due DOUBLE PRECISION;
	UPDATE pa_installs SET ends = expires_at, due = renew_at;
	ALTER TABLE pa_installs DROP COLUMN expires_at;
	ALTER TABLE pa_installs DROP COLUMN renew_at;
	ALTER TABLE pa_installs RENAME COLUMN ends TO expires_at;
	ALTER TABLE pa_installs RENAME COLUMN due TO renew_at;
	CREATE INDEX pa_installs_renew_at ON pa_installs (renew_at)]],
}

tables.oauth = {
	[[CREATE TABLE pa_claims (state TEXT PRIMARY KEY, expires DOUBLE PRECISION NOT NULL);
	CREATE INDEX pa_claims_expires ON pa_claims (expires)]],
}

tables.sessions = {
	[[CREATE TABLE pa_sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL, created BIGINT NOT NULL,
		expires BIGINT NOT NULL);
	CREATE INDEX pa_sessions_expires ON pa_sessions (expires)]],
}

tables.jobs = {
	[[CREATE TABLE pa_jobs (name TEXT PRIMARY KEY, last_run DOUBLE PRECISION NOT NULL DEFAULT 0,
		lease_until DOUBLE PRECISION NOT NULL DEFAULT 0, last_error TEXT)]],
}

tables.readiness = { "CREATE TABLE pa_readiness (id BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)" }

tables.stories = {
	[[CREATE TABLE pa_stories (n BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, kept_at DOUBLE PRECISION NOT NULL,
		body TEXT NOT NULL)]],
	-- What of a story lists and counts need, so that they read no bodies.
	[[ALTER TABLE pa_stories ADD COLUMN slug TEXT;
	ALTER TABLE pa_stories ADD COLUMN what TEXT;
	ALTER TABLE pa_stories ADD COLUMN outcome TEXT;
	ALTER TABLE pa_stories ADD COLUMN label TEXT]],
	-- These columns stand behind the body in a row: lists and counts read them here, not 256 KiB in front of them.
	"CREATE INDEX pa_stories_listed ON pa_stories (n, kept_at, outcome, label, slug, what, id)",
}

return tables
