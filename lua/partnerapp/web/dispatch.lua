-- Answers requests: by the app's route, else by one of the library's own, else with a refusal. Runs the app's hooks.
local in_any_case = require "partnerapp.web.header_names"
local other_name = require "partnerapp.web.other_name"
local proxies = require "partnerapp.web.proxies"
local refusal = require "partnerapp.web.refusal"
local returned = require "partnerapp.web.returned"
local routes = require "partnerapp.web.routes"

local dispatch = {}

local own = routes.router

--- The app's route that answers a request; fills in the request's params.
---@param app partnerapp.app
---@param req partnerapp.request
---@return partnerapp.route?
function dispatch.route(app, req)
	local route = app._router:find(req)
	-- A route whose path begins with a parameter, such as "/*rest", was not meant for the library's addresses.
	local second = route and route.path:byte(2)
	if (second == 42 or second == 58) and routes.is_own(req.path) and own:find(req) then -- * or :
		return nil
	end
	return route
end

local function run_before(app, req)
	if app._parent then
		local response = run_before(app._parent, req)
		if response then
			return response
		end
	end
	for _, hook in ipairs(app._before) do
		local response = hook(req)
		if response then
			returned.check(hook, "this hook of app:before", response)
			return response
		end
	end
end

local function answer(app, req, route)
	local method = req.method
	if method ~= "GET" and method ~= "HEAD" and not route.unguarded then
		local refused = require("partnerapp.web.csrf").check(req, app, route.begins_session)
		if refused then
			return refused
		end
	end
	local owner = route.app
	if owner ~= app or owner._before[1] then
		local response = run_before(owner, req)
		if response then
			return response
		end
	end
	local response, err = route.handler(req)
	if type(response) == "table" and response.status ~= nil then
		return response
	end
	if not response and err ~= nil then
		return require("partnerapp.web.fault").failure(req, err)
	end
	returned.check(route.handler, ("the handler of %s %s"):format(route.method, route.path), response)
end

-- The response where the app has no route: from one of the library's own, or a refusal; and whether it stands apart
-- from the app.
local function answer_unrouted(app, req)
	local route = own:find(req)
	if route then
		return route.handler(req, app), route.apart
	end
	local allowed = app._router:allowed(req.path)
	if #allowed == 0 then
		allowed = own:allowed(req.path)
	end
	if #allowed == 0 then
		local refused = refusal.new(404, "There is nothing at this address.")
		refused.unrouted = true
		return refused
	end
	local allow = { allow = table.concat(allowed, ", ") }
	if req.method == "OPTIONS" then
		return { status = 204, headers = allow }
	end
	return refusal.new(405, "This address does not take " .. req.method .. " requests.", allow)
end

-- Headers for the hooks. Those of a refusal, and of a table that the app wrote, are plain.
local function headers_of(response)
	local headers = in_any_case {}
	for name, value in pairs(response.headers or {}) do
		headers[name] = value
	end
	return headers
end

--- Runs the hooks of `after`: those of the app that the route belongs to, then those of the apps it is mounted in.
---@param app partnerapp.app
---@param req partnerapp.request
---@param response partnerapp.response
---@param route partnerapp.route?
function dispatch.finish(app, req, response, route)
	local owner = route and route.app or app
	while owner do
		if owner._after[1] then
			response.headers = headers_of(response)
		end
		for _, hook in ipairs(owner._after) do
			local other = hook(req, response)
			if other ~= nil and other ~= response then
				returned.by_after(hook, other)
			end
		end
		owner = owner._parent
	end
end

--- Answers a request.
---@param app partnerapp.app
---@param req partnerapp.request
---@return partnerapp.response
function dispatch.request(app, req)
	local unusual = req.raw.unusual
	if unusual then
		proxies.warn(req)
	end
	local by_path = app._router.exact[req.method]
	local route = by_path and by_path[req.path] or dispatch.route(app, req)
	local response, apart
	if route then
		response = unusual and other_name.lead_page(req) or answer(app, req, route)
	else
		response, apart = answer_unrouted(app, req)
		if apart and not response.refused then
			return response
		end
	end
	if response.refused then
		response = require("partnerapp.web.fault").shape(route and route.app or app, req, response)
	end
	if app._cors then
		require("partnerapp.web.cors").apply(app._cors, req, response)
	end
	dispatch.finish(app, req, response, route)
	local status = response.status
	if status ~= 200 and math.type(status) == "integer" and status >= 500 and route and not response.logged then
		require("partnerapp.web.fault").log(req, status)
	end
	return response
end

return dispatch
