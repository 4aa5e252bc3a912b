-- What no other route of the Config API takes: paths with a slash at the end, services that are not offered, paths and
-- methods that do not exist. A token comes first, as everywhere (A38).
local access = require "api.access"
local errors = require "errors"

local METHODS = { "get", "post", "put", "patch", "delete" }

-- Below a workspace; A35.
local NOT_OFFERED = { "roles", "invites", "users", "regulations", "suppressed-users", "functions" }

local function is_not_offered(path)
	local rest = path:match("^/v1beta/workspaces/[^/]+/(.+)$")
	rest = rest and rest:gsub("^sources/[^/]+/", "")
	for _, name in ipairs(NOT_OFFERED) do
		if rest == name or rest and rest:sub(1, #name + 1) == name .. "/" then
			return true
		end
	end
	return false
end

return function(app)
	local function handle(req)
		local stripped = req.path:match("^(.-)/+$")
		if stripped then
			req.path = stripped
			local route = app:route(req)
			if route then
				return route.handler(req)
			end
		end
		local token, refusal = access.token(req)
		if not token then
			return refusal
		elseif is_not_offered(req.path) then
			return errors.api(12, "not implemented")
		end
		return errors.api(5, "not found")
	end

	app:get("/v1beta/*rest", handle)
	for _, method in ipairs(METHODS) do
		if method ~= "get" then
			app[method](app, "/v1beta/*rest", handle, { csrf = false })
		end
	end
end
