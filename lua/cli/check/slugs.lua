-- Slugs and scopes that Segment does not have.
local nearest = require "partnerapp.nearest"

local slugs = {}

local SCOPES = { "workspace", "workspace:read" }

local NOT_A_SCOPE = "%s: oauth: '%s' is not a scope of Segment: they are workspace, workspace:read and "
	.. "destination/SLUG%s"

local NOT_IN_CATALOG = "neither the catalog of the sandbox nor destinations/ has a destination '%s', so the demo "
	.. "refuses it%s"

-- What may have been meant by a scope.
local function meant(scope)
	local slug = scope:match "^[dD]estinations?[/:.](.+)$"
	if slug then
		return (": did you mean 'destination/%s'?"):format(slug)
	end
	return nearest(scope, SCOPES, true)
end

-- The slug of a scope; nil and true for one of a workspace, nil and false for what is not a scope.
local function slug_of(scope)
	local slug = scope:match "^destination/([%w%-_.]+)$"
	return slug, slug ~= nil or scope == SCOPES[1] or scope == SCOPES[2]
end

--- Looks at the app's destination and the scopes of its install flows, but not at those of other servers.
---@param app partnerapp.app
---@param catalog string[]? the slugs of the sandbox's catalog, and those of the app's own files; nil when these are
--- not known
---@return string[] problems, string[] warnings
function slugs.problems(app, catalog)
	local problems, warnings, told = {}, {}, {}
	for _, slug in ipairs(catalog or {}) do
		told[slug] = true -- there is nothing to tell of it
	end
	local function look(slug)
		if catalog and slug and not told[slug] then
			told[slug] = true
			warnings[#warnings + 1] = NOT_IN_CATALOG:format(slug, nearest(slug, catalog, true))
		end
	end
	look(app.destination)
	for _, flow in ipairs(app:flows()) do
		local slug, fine = slug_of(flow.scope)
		if not flow.server then
			look(slug)
			problems[#problems + 1] = not fine and NOT_A_SCOPE:format(flow.where, flow.scope, meant(flow.scope)) or nil
		end
	end
	return problems, warnings
end

return slugs
