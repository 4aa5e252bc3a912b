-- What a scope is and what it lets a token do: the matrix of section 4 of the documentation, in one function.
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

local ABILITIES = {
	workspace = {
		{ text = "See everything in the workspace you choose: sources, destinations, tracking plans" },
		{ text = "Create, change and delete all of it" },
	},
	["workspace:read"] = {
		{ text = "See everything in the workspace you choose: sources, destinations, tracking plans" },
		{ text = "It cannot change anything", denied = true },
	},
}

--- What a scope allows, and what it does not, in sentences for the consent page.
---@param scope string
---@return {text: string, denied: true?}[]
function scopes.abilities(scope)
	local slug = scopes.destination(scope)
	local item = slug and catalog.find(slug)
	local name = item and item.display_name or slug
	return ABILITIES[scope]
		or {
			{ text = ("Create the destination %s on the source you choose"):format(name) },
			{ text = "See, change and delete that destination" },
			{ text = "It cannot see or change anything else in the workspace", denied = true },
		}
end

--- Whether a token may do something: read or write in a workspace, read the catalog, handle apps (which takes a user's
--- own token). A destination's scope reaches that destination on its source only, so both are named where there is one.
---@param token table scope, source, personal
---@param action "read"|"write"|"catalog"|"apps"
---@param source string?
---@param slug string?
---@return boolean
function scopes.allow(token, action, source, slug)
	if action == "catalog" then
		return true
	elseif action == "apps" then
		return token.scope == "workspace" and token.personal ~= nil
	elseif token.scope == "workspace" then
		return true
	elseif token.scope == "workspace:read" then
		return action == "read"
	end
	return slug ~= nil and scopes.destination(token.scope) == slug and token.source == source
end

return scopes
