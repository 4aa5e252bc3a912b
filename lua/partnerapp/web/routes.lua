-- The library's own routes, which answer where an app has no route. An app may not define a route at or below their
-- paths, except for those that are `open`.
local router = require "partnerapp.web.router"

---@class partnerapp.own_route
---@field path string
---@field handler (fun(req: partnerapp.request, app: partnerapp.app): partnerapp.response)? without it the path is only
--- reserved
---@field methods string[]? GET alone unless said
---@field apart boolean? the app's hooks and its `cors` do not apply
---@field open boolean? an app may have routes of its own there
---@field always boolean? answers also while the app does not load

-- The host attaches the dashboard to the app that it serves (host/dashboard.lua).
local function dashboard(req, app)
	local serve = rawget(app, "_dashboard")
	if serve then
		return serve(req)
	end
	return require("partnerapp.web.refusal").new(404, "There is nothing at this address.")
end

-- All of them: where there is no dashboard, no answer may tell that there could be one.
local METHODS = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" }

---@type partnerapp.own_route[]
local LIST = {
	{
		path = "/static/*name",
		handler = function(req)
			return require("partnerapp.web.static").serve(req)
		end,
		open = true,
		always = true,
	},
	{
		path = "/static/partnerapp/version",
		handler = function()
			return require("partnerapp.web.static").version()
		end,
		open = true,
		always = true,
	},
	{
		path = "/readyz",
		handler = function()
			return require("partnerapp.web.readiness").serve()
		end,
	},
	{
		path = "/metrics",
		handler = function(req)
			return require("partnerapp.web.metrics").serve(req)
		end,
	},
	{ path = "/healthz" }, -- answered without any script: src/server/health.c
	{ path = "/events" },
	{ path = "/dashboard", handler = dashboard, methods = METHODS, apart = true },
	{ path = "/dashboard/*rest", handler = dashboard, methods = METHODS, apart = true },
}

local routes = { router = router.new() }

local reserved = {}

for _, route in ipairs(LIST) do
	if route.handler then
		for _, method in ipairs(route.methods or { "GET" }) do
			assert(routes.router:add {
				method = method,
				path = route.path,
				handler = route.handler,
				always = route.always == true,
				apart = route.apart == true,
				where = "partnerapp",
			})
		end
	end
	if not route.open then
		reserved[#reserved + 1] = route.path
	end
end

--- Whether an app may not define a route with this path.
---@param path string
---@return boolean
function routes.is_reserved(path)
	for _, taken in ipairs(reserved) do
		if path == taken or path:sub(1, #taken + 1) == taken .. "/" then
			return true
		end
	end
	return false
end

--- Whether a path is the library's also where an app has a route for all paths: a reserved one, or a file of its pages.
---@param path string
---@return boolean
function routes.is_own(path)
	return routes.is_reserved(path) or path:sub(1, 18) == "/static/partnerapp"
end

return routes
