-- Who calls the Config API, and whether they may: the order is rate limit, authentication, route, scope, existence, body,
-- conflict (A38).
local assumptions = require "assumptions"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local errors = require "errors"
local scopes = require "scopes"
local store = require "store"

local access = {}

--- The token of a request, or nil and the response that refuses it.
---@param req table
---@return table? token, table? refusal
function access.token(req)
	local text = req:bearer()
	local row = text and db.row("SELECT * FROM tokens WHERE hash = ?", store.hash(text))
	if not row or (row.expires and row.expires <= clock.now()) then
		return nil, errors.api(16, assumptions.A10_bad_token)
	end
	row.workspaces = store.decode(row.workspaces)
	return row
end

--- Wraps a handler of the Config API: handler(req, token) runs when the token may do it.
---@param action "read"|"write"
---@param handler fun(req: table, token: table): table
---@param about (fun(req: table): string?, string?)? source and slug that a destination's scope is compared with
---@return fun(req: table): table
function access.guard(action, handler, about)
	return function(req)
		local token, refusal = access.token(req)
		if not token then
			return refusal
		end
		local source, slug
		if about then
			source, slug = about(req)
		end
		if not scopes.allow(token, action, source, slug) then
			return errors.api(7, "insufficient scope")
		end
		local workspace = req.params.workspace
		if workspace and not access.sees(token, workspace) then
			return errors.api(5, "not found")
		end
		return handler(req, token)
	end
end

--- Whether a token belongs to a workspace.
---@param token table
---@param workspace string slug
---@return boolean
function access.sees(token, workspace)
	for _, name in ipairs(token.workspaces) do
		if name == "workspaces/" .. workspace then
			return true
		end
	end
	return false
end

return access
