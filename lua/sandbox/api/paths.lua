-- Names of resources: those in the path of a request, and parts of names.
local paths = {}

--- The workspace of a request's path.
---@param req table
---@return string "workspaces/business"
function paths.workspace(req)
	return "workspaces/" .. req.params.workspace
end

--- The source of a request's path.
---@param req table
---@return string "workspaces/business/sources/js"
function paths.source(req)
	return paths.workspace(req) .. "/sources/" .. req.params.source
end

--- The destination of a request's path.
---@param req table
---@return string "workspaces/business/sources/js/destinations/webhooks"
function paths.destination(req)
	return paths.source(req) .. "/destinations/" .. req.params.destination
end

--- The tracking plan of a request's path.
---@param req table
---@return string "workspaces/business/tracking-plans/rs_…"
function paths.tracking_plan(req)
	return paths.workspace(req) .. "/tracking-plans/" .. req.params.plan
end

--- For access.guard: the source and the slug of the destination that a request's path names.
---@param req table
---@return string source, string slug
function paths.own(req)
	return paths.source(req), req.params.destination
end

--- The integer n of a request's path: "/apps/:n".
---@param req table
---@return integer? n nil when it is not a number
function paths.number(req)
	local text = req.params.n
	return text:find "^%d+$" and math.tointeger(tonumber(text)) or nil
end

--- The rest of a name after its prefix.
---@param name any
---@param prefix string "workspaces/business/sources/"
---@return string? rest nil when the name is not a string or begins differently
function paths.below(name, prefix)
	local fits = type(name) == "string" and name:sub(1, #prefix) == prefix
	return fits and name:sub(#prefix + 1) or nil
end

return paths
