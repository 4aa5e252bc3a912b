-- partnerapp keys rotate: seals what is stored with a new key. Works beside running servers.
local app = require "cli.app"
local database = require "cli.database"
local files = require "native.files"
local plans = require "cli.plans"
local rules = require "cli.settings.rules"
local secret_key = require "cli.secret_key"
local servers = require "cli.servers"
local values = require "cli.settings.values"

local command = {
	summary = "Seal what is stored with a new key",
	usage = "rotate [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app whose keys they are; as in `serve` without APP" },
		demo = { help = "what the demo stored" },
	},
	examples = [[
partnerapp keys rotate
SECRET_KEY=k2:NEW,k1:OLD partnerapp keys rotate     where the key is not in a file]],
}

local IN_ENVIRONMENT = [[
partnerapp: SECRET_KEY is in %s, with one key. A new key cannot be added there for you:
  1. make one (openssl rand -hex 32) and set SECRET_KEY=k2:NEW,k1:OLD; OLD is the present key without its "k1:"
  2. restart the servers
  3. run this again
]]

local DONE = [[
%d sealed anew with %s, %d already were.
The older keys stay in SECRET_KEY for requests that are still under way. Remove them when nothing needs them any more.
]]

local function find(given)
	local found = app.find(given.settings, given.flags.app)
	rules.for_server(found)
	if given.flags.demo then
		rules.use_demo_database(found)
	end
	database.check(found)
	return found
end

-- The settings with a new key in front of the key file's ring. The ring is read again once the file is locked.
local function find_with_new_key(given, path)
	local locked, message, code = secret_key.lock(path)
	if not locked then
		return nil, code == "busy" and "another `keys rotate` is under way" or message
	end
	local found = find(given)
	local ring, name = secret_key.add(path, found.value.SECRET_KEY)
	if not ring then
		return nil, name
	end
	found.value.SECRET_KEY = ring
	files.out(("New key %s in %s\n"):format(name, path))
	return found
end

function command.plan(given)
	if given[1] ~= "rotate" then
		files.err "partnerapp: keys: the word rotate is missing: partnerapp keys rotate\n"
		return { exit_code = 2 }
	end
	local found = find(given)
	if values.report(found) then
		return { exit_code = 2 }
	end
	app.tell_person(found)
	if found.key_file then
		local message
		found, message = find_with_new_key(given, found.key_file)
		if not found then
			files.err("partnerapp: " .. message .. "\n")
			return { exit_code = 1 }
		end
	elseif secret_key.count(found.value.SECRET_KEY) == 1 then
		files.err(IN_ENVIRONMENT:format(found.from.SECRET_KEY))
		return { exit_code = 2 }
	end
	local server = servers.shipped_app(found)
	return plans.task("keys", server, { long_running = true })
end

function command.run()
	local failed = require("cli.schema").prepare()
	if failed ~= 0 then
		return failed
	end
	local result, message = require("partnerapp.installs.reseal").run()
	if not result then
		files.err("partnerapp: " .. message .. ": run this again\n")
		return 1
	end
	files.out(DONE:format(result.sealed, result.key, result.current))
	return 0
end

return command
