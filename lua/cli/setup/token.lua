-- partnerapp setup token: see lua/cli/tasks/setup_token.lua.
local setup = require "cli.setup"

local token = {
	summary = "Create an access token with your e-mail address and password at Segment",
	usage = "[options]",
	settings = true,
	flags = {
		scope = { value = "SCOPE", help = "workspace unless said, which setup app needs; or workspace:read" },
		description = { value = "TEXT", help = "what Segment lists it as" },
		replace = { help = "put it in the place of the ACCESS_TOKEN that .env has" },
	},
	examples = [[
partnerapp setup token
partnerapp setup token --segment-email me@example.com --segment-workspace my-workspace
SEGMENT_PASSWORD_FILE=./password partnerapp setup token --segment-email me@example.com --segment-workspace my-workspace
partnerapp setup token --segment-api-url http://127.0.0.1:8889]],
}

function token.plan(given)
	return setup.task("setup_token", given)
end

return token
