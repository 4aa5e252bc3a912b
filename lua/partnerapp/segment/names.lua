-- Names of Segment's resources: paths such as "workspaces/w/sources/s". A wrong name is a bug of the caller and raises.
local names = {}

--- Whether a value is a resource name as Segment gives them, safe to put into a path (OA-18).
---@param name any
---@return boolean
function names.is_name(name)
	return type(name) == "string"
		and #name <= 512
		and name:find("^[%w_.%-][%w_./%-]*$") ~= nil
		and not name:find("..", 1, true)
		and not name:find("//", 1, true)
		and name:sub(-1) ~= "/"
end

local PATTERNS = {
	workspace = "^workspaces/[^/]+$",
	source = "^workspaces/[^/]+/sources/[^/]+$",
	filter = "^workspaces/[^/]+/sources/[^/]+/destinations/[^/]+/filters/[^/]+$",
	["tracking plan"] = "^workspaces/[^/]+/tracking%-plans/[^/]+$",
	app = "^.*apps/[^/]+$",
	["access token"] = "^access%-tokens/[^/]+$",
}

--- Raises unless `name` names a resource of that kind.
---@param kind string
---@param name any
---@return string name
function names.check(kind, name)
	if not names.is_name(name) or not name:find(PATTERNS[kind]) then
		error(("'%s' is not a name for a resource of the kind '%s'"):format(tostring(name), kind), 4)
	end
	return name
end

--- The last part of a name; raises when it cannot be one.
---@param kind string
---@param slug any "google-analytics"
---@return string slug
function names.slug(kind, slug)
	if type(slug) ~= "string" or not slug:find("^[%w._%-]+$") or slug:find("..", 1, true) then
		error(("'%s' is not a slug for a resource of the kind '%s'"):format(tostring(slug), kind), 4)
	end
	return slug
end

--- The name of a source's destination.
---@param source string
---@param slug string
---@return string
function names.destination(source, slug)
	return names.check("source", source) .. "/destinations/" .. names.slug("destination", slug)
end

return names
