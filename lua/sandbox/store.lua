-- The sandbox's state: tables in its server's database, and what Segment would have in them for a new user.
local clock = require "partnerapp.clock"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local steps = require "schema"

local store = {}

store.user = { email = "user@example.com", password = "password" }

local SEED = {
	{ slug = "userworkspace", display_name = "User Workspace", source = "javascript" },
	{ slug = "business", display_name = "Business", source = "js" },
}

--- A random string of letters and digits only.
---@param length integer
---@return string
function store.random(length)
	local text = ""
	while #text < length do
		text = text .. crypto.token(32):gsub("[_-]", "")
	end
	return text:sub(1, length)
end

--- The sandbox's clock, as tables have it.
---@return integer milliseconds since 1970
function store.now()
	return math.floor(clock.now() * 1000)
end

--- A stored time as the API shows it.
---@param ms integer milliseconds since 1970
---@return string
function store.timestamp(ms)
	return clock.timestamp(ms / 1000)
end

--- Inserts a row. Raises when that fails.
---@param sql string "INSERT INTO … VALUES (…)"
---@param ... any one for each `?`
---@return boolean made false when a row with one of its unique keys exists
function store.insert(sql, ...)
	return assert(db.exec(sql .. " ON CONFLICT DO NOTHING", ...)) == 1
end

--- The next number of a series, from 1 on; a number that was given is not given again. Call it in a transaction.
---@param series string
---@return integer
function store.number(series)
	assert(
		db.exec(
			"INSERT INTO numbers (series, last) VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET last = numbers.last + 1",
			series
		)
	)
	return assert(db.row("SELECT last FROM numbers WHERE series = ?", series)).last
end

--- Adds a source with a new write key. Call it in a transaction.
---@param workspace string slug
---@param slug string
---@param catalog_name string "catalog/sources/javascript"
---@return boolean made false when the workspace has that source
function store.add_source(workspace, slug, catalog_name)
	return store.insert(
		"INSERT INTO sources (n, name, workspace, slug, catalog_name, write_key, create_time) VALUES (?, ?, ?, ?, ?, ?, ?)",
		store.number "sources",
		"workspaces/" .. workspace .. "/sources/" .. slug,
		workspace,
		slug,
		catalog_name,
		store.random(32),
		store.now()
	)
end

local function seed()
	for i, one in ipairs(SEED) do
		store.insert(
			"INSERT INTO workspaces (n, slug, id, display_name, create_time, owner) VALUES (?, ?, ?, ?, ?, ?)",
			i,
			one.slug,
			store.random(10):lower(),
			one.display_name,
			store.now(),
			store.user.email
		)
		store.add_source(one.slug, one.source, "catalog/sources/javascript")
	end
	store.insert("INSERT INTO facts (name, value) VALUES ('epoch', ?)", store.random(16))
end

--- Makes the tables and, once, what a new user has.
function store.prepare()
	assert(db.migrate("sandbox", steps))
	assert(db.transaction(function()
		if not db.row "SELECT 1 FROM facts" then
			seed()
		end
		return true
	end))
end

--- Brings everything into the state after a first start, the clock too.
function store.reset()
	assert(db.transaction(function()
		for name in table.concat(steps):gmatch "CREATE TABLE ([%w_]+)" do
			assert(db.exec("DELETE FROM " .. name))
		end
		seed()
		return true
	end))
	clock.reset()
end

--- Wraps a handler that reads and writes: all of it is one transaction, and a response that refuses rolls it back.
---@param handler fun(...): table returns a response
---@return fun(...): table
function store.in_transaction(handler)
	return function(...)
		local given, response = table.pack(...), nil
		local done, message = db.transaction(function()
			response = handler(table.unpack(given, 1, given.n))
			return response.status < 400 or nil
		end)
		if not done and (not response or response.status < 400) then
			error(message, 0)
		end
		return response
	end
end

--- A value that each reset changes, so that sessions from before it end.
---@return string
function store.epoch()
	return assert(db.row "SELECT value FROM facts WHERE name = 'epoch'").value
end

--- The hash that is stored instead of a secret.
---@param text string
---@return string
function store.hash(text)
	return crypto.base64url(crypto.digest("sha256", text))
end

--- A new token or code in fosite's form: 43 letters, a dot, 43 letters.
---@return string
function store.opaque()
	return crypto.token(32) .. "." .. crypto.token(32)
end

--- Reads a list or object that is stored as JSON. Raises when it is not JSON.
---@param text string?
---@return any value nil for nil
function store.decode(text)
	return text and assert(json.decode(text))
end

--- Writes a list or object as JSON. Raises when it cannot be JSON.
---@param value any
---@return string
function store.encode(value)
	return assert(json.encode(value))
end

return store
