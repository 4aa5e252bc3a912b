-- The entry module while an app does not load: every request gets the reason, until a good version is saved.
local new_request = require("partnerapp.web.request").new
local routes = require "partnerapp.web.routes"

local broken = {}

local why = { message = "the app does not load" }

---@param message string
---@param traceback string?
function broken.broken(message, traceback)
	why = { message = message, traceback = traceback }
end

---@param raw native.request
---@return partnerapp.response
function broken.handle(raw)
	local req = new_request(raw)
	local route = routes.router:find(req)
	if route and route.always then
		local response = route.handler(req)
		if not response.refused then
			return response
		end
	end
	return require("partnerapp.web.fault").broken(req, why.message, why.traceback)
end

---@param raw native.request
---@param err any
---@return partnerapp.response
function broken.failed(raw, err)
	return require("partnerapp.web.fault").broken(new_request(raw), tostring(err))
end

--- No job runs while the app does not load.
function broken.run_due() end

--- The lanes of jobs: none.
---@return string[]
function broken.lanes()
	return {}
end

return broken
