-- What check, routes and test share: an app's scripts, a database in memory, no network, no account.
local crypto = require "native.crypto"
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local task = {}

--- The plan of a task over the app that `given` names.
---@param name string a module of cli/tasks
---@param given table
---@return table
function task.plan(name, given)
	local folder, message = servers.app_folder(given[1])
	if not folder then
		files.err("partnerapp: " .. message .. "\n")
		return { exit_code = 2 }
	end
	local testing = name == "test"
	local found = testing and settings.defaults(given.settings) or settings.find(given.settings, folder)
	if settings.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app(found, folder, false)
	server.database = "sqlite::memory:"
	server.secret_key = "k1:" .. crypto.hex(crypto.random(32))
	server.settings.TESTING = testing and "1" or nil
	server.settings.CLIENT_ID = server.settings.CLIENT_ID or "client-id-of-nobody"
	server.settings.CLIENT_SECRET = server.settings.CLIENT_SECRET or "secret-of-nobody"
	return servers.task(name, server, {}, testing and "off" or "warn")
end

return task
