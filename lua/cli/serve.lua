-- partnerapp serve: the app against Segment's own hosts.
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local serve = {
	summary = "Run the app with your own CLIENT_ID and CLIENT_SECRET",
	usage = "[APP] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		["no-reload"] = { help = "do not watch the scripts, for production; SIGHUP still reloads" },
	},
	examples = [[
partnerapp serve                       with CLIENT_ID and CLIENT_SECRET in .env
partnerapp serve ./my-app --no-reload
PUBLIC_URL=https://app.example.com partnerapp serve]],
}

local MISSING = "%s is not set: put it into .env or the environment; `partnerapp demo` needs none"

local READY = [[
partnerapp serves %s on %s
Register this redirect URI with your app at Segment: %s/auth/segment/callback
]]

function serve.plan(given)
	local folder, message = servers.app_folder(given[1])
	local found = settings.find(given.settings, folder)
	settings.for_server(found)
	settings.compare_addresses(found)
	if not folder then
		found.problems[#found.problems + 1] = message
	end
	for _, name in ipairs { "CLIENT_ID", "CLIENT_SECRET" } do
		if not found.value[name] then
			found.problems[#found.problems + 1] = MISSING:format(name)
		end
	end
	if settings.report(found) then
		return { exit_code = 2 }
	end
	return {
		servers = { servers.app(found, folder, not given.flags["no-reload"]) },
		ready = READY:format(folder, found.value.PUBLIC_URL, found.value.PUBLIC_URL),
		log_level = found.value.LOG_LEVEL,
		log_people = files.is_terminal("err"),
	}
end

return serve
