-- The names of what a path of the Config API is about.
local paths = {}

---@param req table
---@return string "workspaces/business"
function paths.workspace(req)
	return "workspaces/" .. req.params.workspace
end

---@param req table
---@return string "workspaces/business/sources/js"
function paths.source(req)
	return paths.workspace(req) .. "/sources/" .. req.params.source
end

---@param req table
---@return string "workspaces/business/sources/js/destinations/webhooks"
function paths.destination(req)
	return paths.source(req) .. "/destinations/" .. req.params.destination
end

--- For access.guard: the source and the slug that a destination's scope must be of.
---@param req table
---@return string source, string slug
function paths.own(req)
	return paths.source(req), req.params.destination
end

return paths
