-- Access to the Config API: the token of a request, and whether it allows the request. The order of checks is that of
-- A38: rate limit, token, path, scope, existence; body and conflict are checked by the handler.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local errors = require "api.errors"
local rate_limit = require "api.rate_limit"
local scopes = require "oauth.scopes"
local store = require "store"

local access = {}

--- The token of a request, or nil and the response that refuses the request.
---@param req table
---@return table? token a row of the table tokens
---@return table? refusal
function access.token(req)
	local text = req:bearer()
	if not text then
		return nil, errors.unauthenticated(assumptions.bad_token)
	end
	local hash = store.hash(text)
	local refusal = rate_limit.take(hash)
	if refusal then
		return nil, refusal
	end
	local row = db.row("SELECT * FROM tokens WHERE hash = ?", hash)
	if not row or (row.expires and row.expires <= store.now()) then
		return nil, errors.unauthenticated(assumptions.bad_token)
	end
	return row
end

--- Whether a token belongs to a workspace.
---@param token table
---@param workspace string slug
---@return boolean
function access.sees(token, workspace)
	return token.workspaces:find(" workspaces/" .. workspace .. " ", 1, true) ~= nil
end

--- The names of a token's workspaces.
---@param token table
---@return string[]
function access.workspaces(token)
	local list = {}
	for name in token.workspaces:gmatch "%S+" do
		list[#list + 1] = name
	end
	return list
end

--- Wraps a handler of the Config API: handler(req, token) runs when the token allows the action.
---@param action "read"|"write"|"catalog"|"apps" see scopes.allow
---@param handler fun(req: table, token: table): table
---@param about (fun(req: table, token: table): string?, string?)? the source and the slug of the destination that the
--- request is about; only then a scope of that destination allows the action
---@return fun(req: table): table
function access.guard(action, handler, about)
	return function(req)
		local token, refusal = access.token(req)
		if not token then
			return refusal
		end
		local source, slug
		if about then
			source, slug = about(req, token)
		end
		if not scopes.allow(token, action, source, slug) then
			return errors.denied "insufficient scope"
		end
		local workspace = req.params.workspace
		if workspace and not access.sees(token, workspace) then
			return errors.not_found()
		end
		return handler(req, token)
	end
end

return access
