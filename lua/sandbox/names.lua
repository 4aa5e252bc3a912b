-- The names of what a path of the Config API is about.
local names = {}

---@param req table
---@return string "workspaces/business"
function names.workspace(req)
	return "workspaces/" .. req.params.workspace
end

---@param req table
---@return string "workspaces/business/sources/js"
function names.source(req)
	return names.workspace(req) .. "/sources/" .. req.params.source
end

---@param req table
---@return string "workspaces/business/sources/js/destinations/webhooks"
function names.destination(req)
	return names.source(req) .. "/destinations/" .. req.params.destination
end

--- For access.guard: the source and the slug that a destination's scope must be of.
---@param req table
---@return string source, string slug
function names.own(req)
	return names.source(req), req.params.destination
end

return names
