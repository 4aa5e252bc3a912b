-- partnerapp installs adopt: says that installs whose authorization server is unknown belong to the app's Segment.
local database = require "cli.database"
local files = require "native.files"
local plans = require "cli.plans"
local servers = require "cli.servers"

local command = {
	summary = "Let the app call an install whose authorization server is unknown",
	usage = "ID … | --all [--app APP] [--demo]",
	arguments = { most = 100 },
	settings = true,
	flags = {
		all = { help = "every install whose server is unknown" },
		app = { value = "APP", help = "the app whose installs they are; as in `serve` without APP" },
		demo = { help = "they belong to the demo's sandbox" },
	},
	examples = [[
partnerapp installs                            shows unknown_server as their health
partnerapp installs adopt p8UJ4nbGg2Vd
partnerapp installs adopt --all]],
}

function command.plan(given)
	if (#given == 0) == not given.flags.all then
		files.err "partnerapp: installs adopt: name the installs by their ID, or use --all: see partnerapp installs\n"
		return { exit_code = 2 }
	end
	local found, sandbox_url = database.find(given)
	if not found then
		return { exit_code = 2 }
	end
	local server = servers.shipped_app(found)
	server.settings.SANDBOX_URL = sandbox_url
	return plans.task("installs.adopt", server, { arguments = given })
end

local function fail(message, ...)
	files.err("partnerapp: " .. message:format(...) .. "\n")
	return false
end

-- Whether the settings have the install's client, and that client. Only the sandbox knows a demo's, and may not run.
local function has_its_client(install)
	local clients, config = require "partnerapp.oauth.clients", require "partnerapp.config"
	local client = not config.sandbox_url and clients.configured(install.client)
	return not client or client.id == install.client_id, client
end

local function adopt(install)
	local belonging, rows = require "partnerapp.installs.belonging", require "partnerapp.installs.rows"
	local server, api_origin = belonging.segment()
	local fits, client = has_its_client(install)
	if install.server then
		return fail("%s belongs to %s already", install.id, install.server)
	elseif not fits then
		local setting = require("partnerapp.oauth.clients").setting_names(install.client)
		local message =
			"%s was made with the client %s, and %s is %s: it was not adopted, for its token could not be renewed"
		return fail(message, install.id, install.client_id, setting, client.id)
	end
	local changes, message = rows.adopt(install.id, server, api_origin)
	if not changes then
		return fail("%s: %s", install.id, message)
	end
	files.out(("%s %s belongs to %s\n"):format(install.id, install.name, server))
	return true
end

-- The installs of the given ids, or all whose server is unknown.
local function find(ids)
	if #ids == 0 then
		return require("partnerapp.installs.rows").unknown()
	end
	local list = {}
	for i, id in ipairs(ids) do
		local install, message = require("partnerapp.installs").find(id)
		if not install then
			return nil, message or ("there is no install '%s': see partnerapp installs"):format(id)
		end
		list[i] = install
	end
	return list
end

function command.run(ids)
	local failed = require("cli.schema").prepare()
	if failed ~= 0 then
		return failed
	end
	local list, message = find(ids)
	if not list then
		fail("%s", message)
		return 1
	end
	local adopted = 0
	for _, install in ipairs(list) do
		adopted = adopted + (adopt(install) and 1 or 0)
	end
	if #list == 0 then
		files.out "The server of every install is known.\n"
	end
	return adopted == #list and 0 or 1
end

return command
