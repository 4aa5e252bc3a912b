-- partnerapp setup: an access token and an app at Segment, which Segment's own README makes with curl.
local crypto = require "native.crypto"
local files = require "native.files"
local options = require "cli.options"
local servers = require "cli.servers"
local settings = require "cli.settings"

local setup = {
	summary = "Create an access token and an app at Segment, and keep their keys in .env",
	usage = "token | app [options]",
	commands = { "token", "app" },
	examples = [[
partnerapp setup token
partnerapp setup app
partnerapp setup app --help]],
}

local TOLD = { "SEGMENT_EMAIL", "SEGMENT_PASSWORD", "SEGMENT_WORKSPACE", "ACCESS_TOKEN" }
local REPEATED = { "segment-id-url", "segment-api-url", "public-url" }

-- The flags that the next command needs again.
local function flags_again(given)
	local flags = {}
	for _, flag in ipairs(REPEATED) do
		local value = given.settings[settings.by_flag(flag).name]
		flags[#flags + 1] = value and (" --%s %s"):format(flag, value)
	end
	return table.concat(flags)
end

function setup.plan()
	files.err(options.help("setup", setup))
	return { exit_code = 2 }
end

--- The plan of a task that asks Segment, with the app's scripts at hand. Its settings also have "flag.NAME" for each
--- flag and "again", the flags that the next command needs too.
---@param name string a module of cli/tasks
---@param given table
---@return table
function setup.task(name, given)
	local folder, message = servers.app_folder(given[1])
	local found = settings.find(given.settings, folder)
	if not folder then
		found.problems[#found.problems + 1] = message
	end
	if settings.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app(found, folder, false)
	server.database = "sqlite::memory:"
	server.secret_key, server.secret_key_file = "k1:" .. crypto.hex(crypto.random(32)), nil
	for _, setting in ipairs(TOLD) do
		server.settings[setting] = found.value[setting]
	end
	for flag, value in pairs(given.flags) do
		server.settings["flag." .. flag] = value == true and "1" or value
	end
	server.settings.again = flags_again(given)
	return servers.task(name, server, {})
end

return setup
