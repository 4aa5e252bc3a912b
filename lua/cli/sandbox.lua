-- partnerapp sandbox: the local Segment alone, for an OAuth client in any language.
local app = require "cli.app"
local plans = require "cli.plans"
local rules = require "cli.settings.rules"
local servers = require "cli.servers"
local values = require "cli.settings.values"

local command = {
	summary = "Run a local Segment, in memory, for an OAuth client in any language",
	usage = "[APP] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		strict = { help = "SANDBOX_STRICT=1: refuse single-quoted bodies, short states and http to 127.0.0.1" },
		["no-rate-limit"] = { help = "SANDBOX_NO_RATE_LIMIT=1: answer more than 200 requests a minute" },
	},
	examples = [[
partnerapp sandbox
partnerapp sandbox ./my-app                 with the destinations of an app
SANDBOX_AUTO_CONSENT=1 partnerapp sandbox --sandbox-listen 127.0.0.1:9000]],
}

local READY = [[
A local Segment in memory on http://127.0.0.1:{port:sandbox}
  SEGMENT_ID_URL=http://127.0.0.1:{port:sandbox}
  SEGMENT_API_URL=http://127.0.0.1:{port:sandbox}
  log in with user@example.com / password
]]

local OF_APP = [[
  the destinations of %s are in its catalog; their requests are shown and not sent,
  unless one is connected with "send": true
]]

function command.plan(given)
	given.settings.SANDBOX_STRICT = given.flags.strict and "1" or given.settings.SANDBOX_STRICT
	given.settings.SANDBOX_NO_RATE_LIMIT = given.flags["no-rate-limit"] and "1" or given.settings.SANDBOX_NO_RATE_LIMIT
	local found = app.find(given.settings, given[1])
	if given.settings.LISTEN then
		found.problems[#found.problems + 1] = "--listen is the address of an app: the sandbox's is --sandbox-listen"
	end
	rules.for_sandbox(found)
	if values.report(found) then
		return { exit_code = 2 }
	end
	local sandbox = servers.sandbox(found, "sqlite::memory:")
	if not given[1] then
		return plans.servers(found, { sandbox }, READY)
	end
	return plans.servers(
		found,
		{ sandbox, servers.app_of_sandbox(found) },
		READY .. OF_APP:format(found.location.shown)
	)
end

return command
