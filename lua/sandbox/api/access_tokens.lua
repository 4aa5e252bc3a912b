-- Personal access tokens, for the e-mail and password of the user: created, and by the common pattern (A13) listed,
-- read and deleted. The response to a creation is the only one with the token itself.
local assumptions = require "assumptions"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local store = require "store"
local user = require "oauth.user"

local WORKSPACES_MOST = 20

local function problem_of(asked)
	local description, names = asked.description, asked.workspace_names
	if type(description) ~= "string" or not description:find "%S" or #description > 1000 then
		return "description must be a string of at most 1000 bytes that is not empty"
	elseif type(asked.scopes) ~= "string" or not assumptions.token_scopes[asked.scopes] then
		return "scopes must be workspace or workspace:read"
	elseif not json.is_array(names) or #names == 0 or #names > WORKSPACES_MOST then
		return ("workspace_names must be a list of 1 to %d names"):format(WORKSPACES_MOST)
	end
	for _, name in ipairs(names) do
		if type(name) ~= "string" then
			return "workspace_names must be a list of strings"
		end
	end
end

-- The response when the new token cannot have a workspace, or nil.
local function refusal_of(name)
	local slug = name:match "^workspaces/([%w_-]+)$"
	local row = slug and db.row("SELECT owner FROM workspaces WHERE slug = ?", slug)
	if not row then
		return errors.not_found "workspace not found"
	elseif row.owner ~= store.user.email then
		return errors.denied "only an owner of the workspace may do this"
	end
end

local function shown(row)
	local names = json.array {}
	for name in row.workspaces:gmatch "%S+" do
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
		n = store.number "access_tokens",
		description = asked.description,
		scopes = asked.scopes,
		workspaces = " " .. table.concat(asked.workspace_names, " ") .. " ",
		create_time = store.now(),
	}
	store.insert(
		"INSERT INTO access_tokens (n, description, scopes, workspaces, create_time) VALUES (?, ?, ?, ?, ?)",
		row.n,
		row.description,
		row.scopes,
		row.workspaces,
		row.create_time
	)
	local token = store.opaque()
	store.insert(
		"INSERT INTO tokens (hash, personal, scope, workspaces) VALUES (?, ?, ?, ?)",
		store.hash(token),
		row.n,
		row.scopes,
		row.workspaces
	)
	local answer = shown(row)
	answer.token = token
	return reply.json(answer)
end

local function create(req)
	local asked, refusal = body.resource(req, "access_token")
	if not asked then
		return refusal
	end
	local problem = problem_of(asked)
	if problem then
		return errors.invalid(problem)
	end
	for _, name in ipairs(asked.workspace_names) do
		refusal = refusal_of(name)
		if refusal then
			return refusal
		end
	end
	return insert(asked)
end

local function list(req)
	return paging.rows(req, "access_tokens", shown, "SELECT * FROM access_tokens ORDER BY n")
end

local function find(req)
	local n = paths.number(req)
	return n and db.row("SELECT * FROM access_tokens WHERE n = ?", n)
end

local function guard(_, handler)
	return function(req)
		if not user.knows(req:basic()) then
			return errors.unauthenticated "invalid e-mail or password"
		end
		return handler(req)
	end
end

local delete = resource.deletion({
	"DELETE FROM tokens WHERE personal = ?",
	"DELETE FROM access_tokens WHERE n = ?",
}, "n")

return function(app)
	local get = resource.showing(shown)
	local parts = { guard = guard, find = find, list = list, create = create, get = get, delete = delete }
	resource.add(app, "/v1beta/access-tokens", "/:n", parts)
end
