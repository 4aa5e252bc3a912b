-- Scopes, and what each lets a token do: the matrix of docs/segment.md 4, in one function.
local catalog = require "catalog"

local scopes = {}

--- The slug of "destination/<slug>", or nil.
---@param scope string
---@return string?
function scopes.destination(scope)
	return scope:match("^destination/(.+)$")
end

--- What is wrong with the scope of an app, or nil.
---@param scope any
---@return string?
function scopes.problem(scope)
	local slug = type(scope) == "string" and scopes.destination(scope)
	if scope ~= "workspace" and scope ~= "workspace:read" and not (slug and catalog.find(slug)) then
		return "scope must be workspace, workspace:read or destination/<slug> with a slug of the catalog"
	end
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

--- What a scope allows and what it does not allow, as sentences for the consent page.
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

--- Whether a token allows an action: to read or write in a workspace, to read the catalog, to handle apps (with a
--- personal access token only). The scope of a destination allows requests about that destination on its source only.
---@param token table scope, source, personal
---@param action "read"|"write"|"catalog"|"apps"
---@param source string? name of the source that the request is about
---@param slug string? of the destination that the request is about
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
