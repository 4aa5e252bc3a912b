-- The tables of the sandbox, as steps of db.migrate. Steps that a kept database of a demo has applied are counted by
-- their number, so a step may be worded anew, but new columns and tables need a new step.
--
-- Times are milliseconds since 1970. A list of workspaces is a string: their names with a space around each. `n` is a
-- number by which rows are ordered.
return {
	[[
	CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT);
	CREATE TABLE workspaces (slug TEXT PRIMARY KEY, id TEXT, display_name TEXT, create_time BIGINT, owner TEXT);
	CREATE TABLE sources (name TEXT PRIMARY KEY, workspace TEXT, slug TEXT, catalog_name TEXT, write_key TEXT UNIQUE,
		create_time BIGINT, schema_config TEXT);
	CREATE INDEX sources_workspace ON sources (workspace);
	CREATE TABLE destinations (name TEXT PRIMARY KEY, source TEXT, slug TEXT, enabled BIGINT, connection_mode TEXT,
		config TEXT, create_time BIGINT, update_time BIGINT);
	CREATE INDEX destinations_source ON destinations (source);
	CREATE TABLE metrics (destination TEXT, name TEXT, value BIGINT, PRIMARY KEY (destination, name));
	CREATE TABLE filters (name TEXT PRIMARY KEY, destination TEXT, body TEXT);
	CREATE INDEX filters_destination ON filters (destination);
	CREATE TABLE tracking_plans (name TEXT PRIMARY KEY, workspace TEXT, display_name TEXT, rules TEXT, create_time BIGINT,
		update_time BIGINT);
	CREATE INDEX tracking_plans_workspace ON tracking_plans (workspace);
	CREATE TABLE source_connections (source TEXT PRIMARY KEY, plan TEXT);
	CREATE INDEX source_connections_plan ON source_connections (plan);
	CREATE TABLE clients (n BIGINT PRIMARY KEY, client_id TEXT UNIQUE, secret TEXT, scope TEXT, public BIGINT,
		redirect_uris TEXT, display_name TEXT, workspace TEXT, below_workspace BIGINT, details TEXT, identity TEXT UNIQUE);
	CREATE TABLE installs (n BIGINT PRIMARY KEY, client_id TEXT, workspace TEXT, source TEXT, scope TEXT,
		UNIQUE (client_id, workspace));
	CREATE TABLE tokens (hash TEXT PRIMARY KEY, install BIGINT UNIQUE, personal BIGINT UNIQUE, scope TEXT,
		workspaces TEXT, source TEXT, expires BIGINT);
	CREATE TABLE codes (hash TEXT PRIMARY KEY, client_id TEXT, redirect_uri TEXT, install BIGINT, challenge TEXT,
		challenge_method TEXT, expires BIGINT, token TEXT);
	CREATE INDEX codes_install ON codes (install);
	CREATE TABLE challenges (id TEXT PRIMARY KEY, params TEXT, expires BIGINT);
	CREATE INDEX challenges_expires ON challenges (expires);
	CREATE TABLE access_tokens (n BIGINT PRIMARY KEY, description TEXT, scopes TEXT, workspaces TEXT,
		create_time BIGINT);
	CREATE TABLE windows (token TEXT PRIMARY KEY, minute BIGINT, count BIGINT);
	CREATE INDEX windows_minute ON windows (minute);
	CREATE TABLE events (n BIGINT PRIMARY KEY, time BIGINT, source TEXT, type TEXT, message_id TEXT, body TEXT,
		outcomes TEXT);
	CREATE INDEX events_message ON events (source, message_id);
	CREATE TABLE requests (n BIGINT PRIMARY KEY, time BIGINT, method TEXT, path TEXT, query TEXT, headers TEXT,
		status BIGINT, warning TEXT);
	CREATE TABLE counts (key TEXT PRIMARY KEY, count BIGINT);
	]],
	[[
	CREATE TABLE retries (event BIGINT, destination TEXT, slug TEXT, body TEXT, tries BIGINT, due BIGINT, until BIGINT,
		PRIMARY KEY (event, destination));
	CREATE INDEX retries_due ON retries (due);
	]],
	[[
	CREATE TABLE numbers (series TEXT PRIMARY KEY, last BIGINT);
	INSERT INTO numbers (series, last)
		SELECT 'clients', coalesce(max(n), 0) FROM clients
		UNION ALL SELECT 'installs', coalesce(max(n), 0) FROM installs
		UNION ALL SELECT 'access_tokens', coalesce(max(n), 0) FROM access_tokens;
	ALTER TABLE workspaces ADD COLUMN n BIGINT;
	ALTER TABLE sources ADD COLUMN n BIGINT;
	ALTER TABLE filters ADD COLUMN n BIGINT;
	ALTER TABLE tracking_plans ADD COLUMN n BIGINT;
	DROP TABLE IF EXISTS faults;
	CREATE TABLE faults (n BIGINT PRIMARY KEY, method TEXT, path TEXT, remaining BIGINT, waiting BIGINT, released BIGINT,
		body TEXT);
	]],
	[[
	ALTER TABLE requests ADD COLUMN body TEXT;
	ALTER TABLE requests ADD COLUMN answer TEXT;
	]],
	[[
	ALTER TABLE destinations ADD COLUMN send BIGINT;
	]],
	[[
	ALTER TABLE events ADD COLUMN story TEXT;
	DELETE FROM retries;
	ALTER TABLE retries ADD COLUMN signed TEXT;
	ALTER TABLE retries ADD COLUMN events TEXT;
	]],
}
