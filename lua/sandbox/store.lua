-- The sandbox's state: tables in its server's database, and what Segment would have in them for a new user.
local clock = require "partnerapp.clock"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local json = require "partnerapp.json"

local store = {}

-- Times are milliseconds since 1970. A list of workspaces is text: their names with a space around each.
local STEPS = {
	[[
	CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
	CREATE TABLE workspaces (slug TEXT PRIMARY KEY, id TEXT, display_name TEXT, create_time INTEGER, owner TEXT);
	CREATE TABLE sources (name TEXT PRIMARY KEY, workspace TEXT, slug TEXT, catalog_name TEXT, write_key TEXT UNIQUE,
		create_time INTEGER, schema_config TEXT);
	CREATE INDEX sources_workspace ON sources (workspace);
	CREATE TABLE destinations (name TEXT PRIMARY KEY, source TEXT, slug TEXT, enabled INTEGER, connection_mode TEXT,
		config TEXT, create_time INTEGER, update_time INTEGER);
	CREATE INDEX destinations_source ON destinations (source);
	CREATE TABLE metrics (destination TEXT, name TEXT, value INTEGER, PRIMARY KEY (destination, name)) WITHOUT ROWID;
	CREATE TABLE filters (name TEXT PRIMARY KEY, destination TEXT, body TEXT);
	CREATE INDEX filters_destination ON filters (destination);
	CREATE TABLE tracking_plans (name TEXT PRIMARY KEY, workspace TEXT, display_name TEXT, rules TEXT, create_time INTEGER,
		update_time INTEGER);
	CREATE INDEX tracking_plans_workspace ON tracking_plans (workspace);
	CREATE TABLE source_connections (source TEXT PRIMARY KEY, plan TEXT) WITHOUT ROWID;
	CREATE INDEX source_connections_plan ON source_connections (plan);
	CREATE TABLE clients (n INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT UNIQUE, secret TEXT, scope TEXT,
		public INTEGER, redirect_uris TEXT, display_name TEXT, workspace TEXT, below_workspace INTEGER, details TEXT,
		identity TEXT UNIQUE);
	CREATE TABLE installs (n INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT, workspace TEXT, source TEXT, scope TEXT,
		UNIQUE (client_id, workspace));
	CREATE TABLE tokens (hash TEXT PRIMARY KEY, install INTEGER UNIQUE, personal INTEGER UNIQUE, scope TEXT,
		workspaces TEXT, source TEXT, expires INTEGER) WITHOUT ROWID;
	CREATE TABLE codes (hash TEXT PRIMARY KEY, client_id TEXT, redirect_uri TEXT, install INTEGER, challenge TEXT,
		challenge_method TEXT, expires INTEGER, token TEXT) WITHOUT ROWID;
	CREATE INDEX codes_install ON codes (install);
	CREATE TABLE challenges (id TEXT PRIMARY KEY, params TEXT, expires INTEGER);
	CREATE INDEX challenges_expires ON challenges (expires);
	CREATE TABLE access_tokens (n INTEGER PRIMARY KEY AUTOINCREMENT, description TEXT, scopes TEXT, workspaces TEXT,
		create_time INTEGER);
	CREATE TABLE windows (token TEXT PRIMARY KEY, minute INTEGER, count INTEGER) WITHOUT ROWID;
	CREATE INDEX windows_minute ON windows (minute);
	CREATE TABLE faults (n INTEGER PRIMARY KEY, method TEXT, path TEXT, left INTEGER, waiting INTEGER, released INTEGER,
		body TEXT);
	CREATE TABLE events (n INTEGER PRIMARY KEY, time INTEGER, source TEXT, type TEXT, message_id TEXT, body TEXT,
		outcomes TEXT);
	CREATE INDEX events_message ON events (source, message_id);
	CREATE TABLE requests (n INTEGER PRIMARY KEY, time INTEGER, method TEXT, path TEXT, query TEXT, headers TEXT,
		status INTEGER, warning TEXT);
	CREATE TABLE counts (key TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
	]],
	[[
	CREATE TABLE retries (n INTEGER PRIMARY KEY, event INTEGER, destination TEXT, slug TEXT, body TEXT, tries INTEGER,
		due INTEGER, until INTEGER);
	CREATE INDEX retries_due ON retries (due);
	]],
}

store.user = { email = "user@example.com", password = "password" }

local SEED = {
	{ slug = "userworkspace", display_name = "User Workspace", source = "javascript" },
	{ slug = "business", display_name = "Business", source = "js" },
}

--- Text of letters and digits only.
---@param length integer
---@return string
function store.random(length)
	local text = ""
	while #text < length do
		text = text .. crypto.token(32):gsub("[_-]", "")
	end
	return text:sub(1, length)
end

--- Now, as it is stored.
---@return integer milliseconds
function store.now()
	return math.floor(clock.now() * 1000)
end

--- A stored time as the API shows it.
---@param ms integer
---@return string
function store.timestamp(ms)
	return clock.timestamp(ms / 1000)
end

--- A source with a new write key.
function store.add_source(workspace, slug, catalog_name)
	local name = "workspaces/" .. workspace .. "/sources/" .. slug
	return db.exec(
		"INSERT INTO sources (name, workspace, slug, catalog_name, write_key, create_time) VALUES (?, ?, ?, ?, ?, ?)",
		name,
		workspace,
		slug,
		catalog_name,
		store.random(32),
		store.now()
	)
end

--- A workspace, by default of the sandbox's user.
function store.add_workspace(slug, display_name, owner)
	return db.exec(
		"INSERT INTO workspaces (slug, id, display_name, create_time, owner) VALUES (?, ?, ?, ?, ?)",
		slug,
		store.random(10):lower(),
		display_name,
		store.now(),
		owner or store.user.email
	)
end

local function seed()
	for _, one in ipairs(SEED) do
		assert(store.add_workspace(one.slug, one.display_name))
		assert(store.add_source(one.slug, one.source, "catalog/sources/javascript"))
	end
	assert(db.exec("INSERT INTO facts (name, value) VALUES ('epoch', ?)", store.random(16)))
end

--- Makes the tables and, once, what a new user has.
function store.prepare()
	assert(db.migrate("sandbox", STEPS))
	assert(db.transaction(function()
		if not db.row("SELECT 1 FROM facts") then
			seed()
		end
		return true
	end))
end

--- As freshly started.
function store.reset()
	assert(db.transaction(function()
		for name in table.concat(STEPS):gmatch("CREATE TABLE ([%w_]+)") do
			assert(db.exec("DELETE FROM " .. name))
		end
		assert(db.exec("DELETE FROM sqlite_sequence"))
		seed()
		return true
	end))
	clock.reset()
end

--- A handler that reads, thinks and writes, as one step.
---@param handler fun(...): table
---@return fun(...): table
function store.in_transaction(handler)
	return function(...)
		local given = table.pack(...)
		return assert(db.transaction(function()
			return handler(table.unpack(given, 1, given.n))
		end))
	end
end

--- What a reset changes, so that sessions from before it end.
---@return string
function store.epoch()
	return assert(db.row("SELECT value FROM facts WHERE name = 'epoch'")).value
end

--- What is kept of a secret.
---@param text string
---@return string
function store.hash(text)
	return crypto.base64url(crypto.digest("sha256", text))
end

--- A token or code in fosite's form: 43 letters, a dot, 43 letters.
---@return string
function store.opaque()
	return crypto.token(32) .. "." .. crypto.token(32)
end

--- Reads a list or object that was kept as text.
function store.decode(text)
	return text and assert(json.decode(text))
end

--- Writes one.
function store.encode(value)
	return assert(json.encode(value))
end

return store
