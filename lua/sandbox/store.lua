-- The sandbox's state: tables in its server's database, and what Segment would have in them for a new user.
local clock = require "partnerapp.clock"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local json = require "partnerapp.json"

local store = {}

local TABLES = {
	"workspaces",
	"sources",
	"destinations",
	"clients",
	"installs",
	"tokens",
	"codes",
	"challenges",
	"access_tokens",
	"requests",
}

local STEPS = {
	[[
	CREATE TABLE workspaces (slug TEXT PRIMARY KEY, id TEXT, display_name TEXT, create_time TEXT, owner TEXT);
	CREATE TABLE sources (name TEXT PRIMARY KEY, workspace TEXT, slug TEXT, catalog_name TEXT, write_key TEXT,
		create_time TEXT);
	CREATE INDEX sources_workspace ON sources (workspace);
	CREATE TABLE destinations (name TEXT PRIMARY KEY, source TEXT, slug TEXT, enabled INTEGER, connection_mode TEXT,
		config TEXT, create_time TEXT, update_time TEXT);
	CREATE INDEX destinations_source ON destinations (source);
	CREATE TABLE clients (n INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT UNIQUE, secret TEXT, scope TEXT, public INTEGER,
		redirect_uris TEXT, display_name TEXT, workspace TEXT, details TEXT, identity TEXT UNIQUE);
	CREATE TABLE installs (n INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT, workspace TEXT, source TEXT, scope TEXT,
		token TEXT, UNIQUE (client_id, workspace));
	CREATE TABLE tokens (hash TEXT PRIMARY KEY, kind TEXT, install INTEGER, scope TEXT, workspaces TEXT, source TEXT,
		expires REAL);
	CREATE TABLE codes (hash TEXT PRIMARY KEY, client_id TEXT, redirect_uri TEXT, install INTEGER, challenge TEXT,
		challenge_method TEXT, expires REAL, token TEXT);
	CREATE TABLE challenges (id TEXT PRIMARY KEY, params TEXT, expires REAL);
	CREATE TABLE access_tokens (n INTEGER PRIMARY KEY AUTOINCREMENT, description TEXT, scopes TEXT, workspaces TEXT,
		create_time TEXT, token TEXT);
	CREATE TABLE requests (n INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT, method TEXT, path TEXT, query TEXT, headers TEXT,
		body TEXT, status INTEGER);
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

local function now()
	return clock.timestamp(clock.now())
end

store.now = now

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
		now()
	)
end

local function seed()
	for _, one in ipairs(SEED) do
		assert(
			db.exec(
				"INSERT INTO workspaces (slug, id, display_name, create_time, owner) VALUES (?, ?, ?, ?, ?)",
				one.slug,
				store.random(10):lower(),
				one.display_name,
				now(),
				store.user.email
			)
		)
		assert(store.add_source(one.slug, one.source, "catalog/sources/javascript"))
	end
end

--- Makes the tables and, once, what a new user has.
function store.prepare()
	assert(db.migrate("sandbox", STEPS))
	assert(db.transaction(function()
		local row = assert(db.row("SELECT count(*) AS count FROM workspaces"))
		if row.count == 0 then
			seed()
		end
		return true
	end))
end

--- As freshly started.
function store.reset()
	assert(db.transaction(function()
		for _, name in ipairs(TABLES) do
			assert(db.exec("DELETE FROM " .. name))
		end
		assert(db.exec("DELETE FROM sqlite_sequence"))
		seed()
		return true
	end))
	clock.reset()
end

--- What is kept of a secret.
---@param text string
---@return string
function store.hash(text)
	return crypto.hex(crypto.digest("sha256", text))
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
