-- The entry module while an app does not load, with the scripts that do not: every request that comes here gets the
-- reason. Before any version has loaded all requests come here, later only those for pages, in development (RL-01).
local fault = require "partnerapp.web.fault"
local new_request = require("partnerapp.web.request").new
local routes = require "partnerapp.web.routes"

local broken = {}

local why = { message = "the app does not load" }

---@param message string
---@param traceback string?
---@param beside boolean the last version that loaded goes on for others
function broken.broken(message, traceback, beside)
	why = { message = message, traceback = traceback, beside = beside }
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
	return fault.broken(req, why)
end

---@param raw native.request
---@param err any
---@return partnerapp.response
function broken.failed(raw, err)
	return fault.broken(new_request(raw), { message = tostring(err) })
end

--- Answers another server of this process: the app does not load.
---@return string
function broken.ask()
	local message = "the app does not load: " .. why.message
	return assert(require("partnerapp.json").encode { error = message, code = "broken" })
end

--- No job runs while the app does not load.
function broken.run_due() end

--- The lanes of jobs: none.
---@return string[]
function broken.lanes()
	return {}
end

return broken
