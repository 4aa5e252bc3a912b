-- Personal access tokens, for the user's own e-mail and password: made, and by the common pattern (A13) listed, read
-- and deleted. The token itself is shown once.
local assumptions = require "assumptions"
local body = require "api.body"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
local store = require "store"

local WORKSPACES_MOST = 20

local function problem(asked)
	if type(asked) ~= "table" or json.is_array(asked) then
		return "access_token is missing"
	end
	local description, names = asked.description, asked.workspace_names
	if type(description) ~= "string" or not description:find("%S") or #description > 1000 then
		return "description must be a text"
	elseif type(asked.scopes) ~= "string" or not assumptions.token_scopes[asked.scopes] then
		return "scopes must be workspace or workspace:read"
	elseif not json.is_array(names) or #names == 0 or #names > WORKSPACES_MOST then
		return "workspace_names must name a workspace"
	end
	for _, name in ipairs(names) do
		if type(name) ~= "string" then
			return "workspace_names must be names"
		end
	end
end

-- Why a workspace cannot be reached with the new token, as a response.
local function refused(name)
	local slug = name:match("^workspaces/([%w_-]+)$")
	local row = slug and db.row("SELECT owner FROM workspaces WHERE slug = ?", slug)
	if not row then
		return errors.api(5, "workspace not found")
	elseif row.owner ~= store.user.email then
		return errors.api(7, "only an owner of the workspace may do this")
	end
end

local function shown(row)
	local names = json.array {}
	for name in row.workspaces:gmatch("%S+") do
		names[#names + 1] = name
	end
	return {
		name = "access-tokens/" .. row.n,
		description = row.description,
		scopes = row.scopes,
		create_time = store.timestamp(row.create_time),
		workspace_names = names,
	}
end

local function insert(asked)
	local row = {
		description = asked.description,
		scopes = asked.scopes,
		workspaces = " " .. table.concat(asked.workspace_names, " ") .. " ",
		create_time = store.now(),
	}
	local _, n = assert(
		db.exec(
			"INSERT INTO access_tokens (description, scopes, workspaces, create_time) VALUES (?, ?, ?, ?)",
			row.description,
			row.scopes,
			row.workspaces,
			row.create_time
		)
	)
	local token = store.opaque()
	assert(
		db.exec(
			"INSERT INTO tokens (hash, personal, scope, workspaces) VALUES (?, ?, ?, ?)",
			store.hash(token),
			n,
			row.scopes,
			row.workspaces
		)
	)
	row.n = n
	local answer = shown(row)
	answer.token = token
	return reply.json(answer)
end

local function create(req)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local asked = value.access_token
	local why = problem(asked)
	if why then
		return errors.api(3, why)
	end
	for _, name in ipairs(asked.workspace_names) do
		local no = refused(name)
		if no then
			return no
		end
	end
	return db.transaction(function()
		return insert(asked)
	end)
end

local function list(req)
	local tokens = {}
	for i, row in ipairs(assert(db.query("SELECT * FROM access_tokens ORDER BY n"))) do
		tokens[i] = shown(row)
	end
	return paging.reply(req, "access_tokens", tokens)
end

local function find(req)
	local n = req.params.n:find("^%d+$") and #req.params.n < 16 and math.tointeger(tonumber(req.params.n))
	return n and db.row("SELECT * FROM access_tokens WHERE n = ?", n)
end

local function get(req)
	local row = find(req)
	return row and reply.json(shown(row)) or errors.api(5, "not found")
end

local function delete(req)
	local row = find(req)
	if not row then
		return errors.api(5, "not found")
	end
	return db.transaction(function()
		assert(db.exec("DELETE FROM tokens WHERE personal = ?", row.n))
		assert(db.exec("DELETE FROM access_tokens WHERE n = ?", row.n))
		return reply.json {}
	end)
end

local function for_user(handler)
	return function(req)
		local user, password = req:basic()
		local known = user and user:lower() == store.user.email
		if not crypto.equal(password or "", store.user.password) or not known then
			return errors.api(16, "invalid e-mail or password")
		end
		return handler(req)
	end
end

return function(app)
	app:post("/v1beta/access-tokens", for_user(create), { csrf = false })
	app:get("/v1beta/access-tokens", for_user(list))
	app:get("/v1beta/access-tokens/:n", for_user(get))
	app:delete("/v1beta/access-tokens/:n", for_user(delete), { csrf = false })
end
