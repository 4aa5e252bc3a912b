-- The rest of the Config API, which no other route takes: paths with a slash at the end, services that the sandbox
-- does not offer, unknown paths and methods. The token is checked first, as everywhere (A38).
local access = require "api.access"
local errors = require "api.errors"

-- Below a workspace (A35).
local NOT_OFFERED = { "roles", "invites", "users", "regulations", "suppressed-users", "functions" }

local function is_not_offered(path)
	local rest = path:match "^/v1beta/workspaces/[^/]+/(.+)$"
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
		local stripped = req.path:match "^(.-)/+$"
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
			return errors.not_implemented "not implemented"
		end
		return errors.not_found()
	end

	app:get("/v1beta/*rest", handle)
	for _, method in ipairs { "post", "put", "patch", "delete" } do
		app[method](app, "/v1beta/*rest", handle, { csrf = false })
	end
end
