-- POST /v1beta/access-tokens: a personal access token, for the user's own e-mail and password.
local assumptions = require "assumptions"
local body = require "body"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"
local store = require "store"

local function problem(asked)
	if type(asked) ~= "table" then
		return "access_token is missing"
	elseif type(asked.description) ~= "string" or asked.description == "" or #asked.description > 1000 then
		return "description must be a text"
	elseif not assumptions.A11_token_scopes[asked.scopes] then
		return "scopes must be workspace or workspace:read"
	elseif not json.is_array(asked.workspace_names) or #asked.workspace_names == 0 then
		return "workspace_names must name a workspace"
	end
end

local function create(asked)
	for _, name in ipairs(asked.workspace_names) do
		local slug = type(name) == "string" and name:match("^workspaces/([%w_-]+)$")
		local row = slug and db.row("SELECT owner FROM workspaces WHERE slug = ?", slug)
		if not row then
			return errors.api(5, "workspace not found")
		end
	end
	local token, created = store.opaque(), store.now()
	local workspaces = store.encode(asked.workspace_names)
	local _, n = assert(
		db.exec(
			"INSERT INTO access_tokens (description, scopes, workspaces, create_time, token) VALUES (?, ?, ?, ?, ?)",
			asked.description,
			asked.scopes,
			workspaces,
			created,
			store.hash(token)
		)
	)
	assert(
		db.exec(
			"INSERT INTO tokens (hash, kind, scope, workspaces) VALUES (?, 'personal', ?, ?)",
			store.hash(token),
			asked.scopes,
			workspaces
		)
	)
	return reply.json {
		name = "access-tokens/" .. n,
		description = asked.description,
		scopes = asked.scopes,
		create_time = created,
		token = token,
		workspace_names = asked.workspace_names,
	}
end

return function(app)
	app:post("/v1beta/access-tokens", function(req)
		local user, password = req:basic()
		if not user or user:lower() ~= store.user.email or not crypto.equal(password, store.user.password) then
			return errors.api(16, "invalid e-mail or password")
		end
		local value, refusal = body.read(app, req)
		if not value then
			return refusal
		end
		local asked = value.access_token
		local why = problem(asked)
		if why then
			return errors.api(3, why)
		end
		return db.transaction(function()
			return create(asked)
		end)
	end, { csrf = false })
end
