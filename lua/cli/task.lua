-- What check, routes, test, try and manifest share: an app with a database in memory, without network and account.
local app = require "cli.app"
local plans = require "cli.plans"
local servers = require "cli.servers"
local values = require "cli.settings.values"

local task = {}

-- For an app's tests no setting comes from the environment or .env.
local function find(name, given, wanted)
	if name ~= "test" then
		return app.find(given.settings, wanted)
	end
	local location, message = app.locate(wanted)
	local found = values.defaults(given.settings, location or app.locate())
	found.problems[#found.problems + 1] = message
	return found
end

--- The plan of a task over an app whose settings are found and right.
---@param name string the command: "check", "routes", "test"…
---@param found cli.found
---@return table plan
function task.of(name, found)
	local testing = name == "test"
	local server = servers.app_in_memory(found)
	server.settings.TESTING = testing and "1" or nil
	server.settings.STAND_INS = "1" -- for required settings of the app's own that are not set
	server.settings.CLIENT_ID = server.settings.CLIENT_ID or "client-id-of-nobody"
	server.settings.CLIENT_SECRET = server.settings.CLIENT_SECRET or "secret-of-nobody"
	return plans.task(name, server, { log_level = testing and "off" or nil, long_running = testing or nil })
end

--- The plan of a task over an app, after wrong settings were told.
---@param name string the command
---@param given table see options.parse
---@param wanted string? the app; nil: as in `serve` without APP
---@return table plan, string? folder of the app
function task.plan(name, given, wanted)
	local found = find(name, given, wanted)
	if values.report(found) then
		return { exit_code = 2 }
	end
	app.tell(found)
	return task.of(name, found), found.location.folder
end

return task
