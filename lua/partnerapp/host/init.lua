-- The entry module of a server's VMs: loads the app, and passes requests and jobs to it.
local new_request = require("partnerapp.web.request").new

local app = require "init"
local app_settings = require "partnerapp.store.app_settings"
local body_limit = require "partnerapp.web.body_limit"
local settings = require "partnerapp.store.settings"

if type(app) ~= "table" or type(app.dispatch) ~= "function" then
	error("init.lua must end with `return app`, where app is what partnerapp.new made", 0)
end

local missing = app_settings.missing()
if missing[1] and not settings.values.STAND_INS and not settings.values.TESTING then
	error(table.concat(missing, "\n"), 0)
end

require("partnerapp.host.mounted").attach(app)

local dispatch = app.dispatch

local host = { app = app, body_floor = body_limit.least(app._router) }

--- How many bytes the body of a request may have; nil for the server's default.
---@param method string
---@param path string decoded
---@return integer?
function host.body_limit(method, path)
	return body_limit.of(app._router, method, path)
end

---@param raw native.request
---@return partnerapp.response
function host.handle(raw)
	return dispatch(app, new_request(raw))
end

--- Runs at most one job of the app that is due.
---@param lane string? only a job of this lane
---@return number? seconds until another may be due: 0 after one has run; nil when the lane has no job
function host.run_due(lane)
	return require("partnerapp.host.jobs").run_due(app._jobs, lane)
end

--- The lanes of the app's jobs: a slow job delays only those of its lane.
---@return string[]
function host.lanes()
	return require("partnerapp.host.jobs").lanes(app._jobs)
end

--- Answers a question of another server of this process.
---@param question string
---@return string
function host.ask(question)
	return require("partnerapp.host.answers").answer(question)
end

--- The response after `handle` raised.
---@param raw native.request
---@param err any
---@param traceback string|false
---@return partnerapp.response
function host.failed(raw, err, traceback)
	return require("partnerapp.web.fault").finish(app, new_request(raw), err, traceback or nil)
end

return host
