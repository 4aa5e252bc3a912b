-- partnerapp installs: what is saved. Works beside a running server.
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local installs = {
	summary = "List the saved installs, tokens masked",
	usage = "[--json]",
	settings = true,
	flags = { json = { help = "print an array of objects" } },
	examples = [[
partnerapp installs
partnerapp installs --json]],
}

function installs.plan(given)
	local found = settings.find(given.settings)
	local path = (found.value.DATABASE_URL or ""):match("^sqlite:(.+)$") or ":memory:"
	if path ~= ":memory:" and not files.stat(path) then
		files.out(given.flags.json and "[]\n" or "No installs yet.\n")
		return { exit_code = 0 }
	end
	settings.for_server(found)
	if settings.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app(found, files.library() .. "/app", false)
	return servers.task("installs", server, given.flags.json and { "--json" } or {})
end

return installs
