-- What a scope is and what it lets an install do (the matrix of the documentation, section 4).
local catalog = require "catalog"

local scopes = {}

--- The slug of "destination/<slug>", or nil.
---@param scope string
---@return string?
function scopes.destination(scope)
	return scope:match("^destination/(.+)$")
end

--- Whether an app may have that scope.
---@param scope any
---@return boolean
function scopes.is_known(scope)
	if type(scope) ~= "string" then
		return false
	end
	local slug = scopes.destination(scope)
	return scope == "workspace" or scope == "workspace:read" or (slug ~= nil and catalog.find(slug) ~= nil)
end

local WORDS = {
	workspace = "read and change everything in the workspace",
	["workspace:read"] = "read everything in the workspace",
}

--- What a scope allows, in words for the consent page.
---@param scope string
---@return string
function scopes.in_words(scope)
	local slug = scopes.destination(scope)
	local item = slug and catalog.find(slug)
	return WORDS[scope]
		or ("create, change and delete the destination %s on one source"):format(item and item.display_name or slug)
end

--- Whether a token may do something. `action` is "read" or "write"; a destination's slug and source when it is about one.
---@param token table scope, source
---@param action "read"|"write"
---@param source string?
---@param slug string?
---@return boolean
function scopes.allow(token, action, source, slug)
	if token.scope == "workspace" then
		return true
	elseif token.scope == "workspace:read" then
		return action == "read"
	end
	return slug ~= nil and scopes.destination(token.scope) == slug and token.source == source
end

return scopes
