-- The entry module of the server of `partnerapp actions`: Segment's local protocol for trying an action, over one
-- destination of the app. The app itself is not loaded.
local callers = require "partnerapp.actions.callers"
local dispatch = require "partnerapp.web.dispatch"
local exchanges = require "partnerapp.actions.exchanges"
local fault = require "partnerapp.web.fault"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local new_request = require("partnerapp.web.request").new
local partnerapp = require "partnerapp"
local refusal = require "partnerapp.web.refusal"
local routes = require "partnerapp.actions.routes"

local app = partnerapp.new { name = "actions" }
routes.add(app)

-- A refusal has the form of the protocol's errors.
app:failed(function(_, status, message)
	return exchanges.reply(json.array { exchanges.error(status, message) }, status)
end)

local actions = {}

---@param raw native.request
---@return partnerapp.response
function actions.handle(raw)
	local req = new_request(raw)
	local refused = callers.refusal(req)
	local response = refused and fault.shape(app, req, refused) or dispatch.request(app, req)
	callers.admit(req, response)
	return response
end

--- Tells which addresses there are, or why the destination does not load: requests are then answered with that message,
--- until a good version is saved.
function actions.tell()
	local text, message = routes.text(app)
	if text then
		log.info(("%s: %s"):format(app.destination, text))
	else
		log.error("the destination does not load", { error = message })
	end
end

--- The response after `handle` raised.
---@param raw native.request
---@param err any
---@param traceback string|false
---@return partnerapp.response
function actions.failed(raw, err, traceback)
	local req = new_request(raw)
	local response
	if refusal.is(err) then
		response = fault.shape(app, req, err)
	else
		local message = tostring(err)
		log.error("a request failed", { error = message, traceback = traceback or nil })
		response = routes.fault(app, req, message)
	end
	callers.admit(req, response)
	return response
end

--- There are no jobs.
function actions.run_due() end

--- The lanes of jobs: none.
---@return string[]
function actions.lanes()
	return {}
end

return actions
