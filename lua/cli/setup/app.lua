-- partnerapp setup app: see lua/cli/tasks/setup_app.lua.
local setup = require "cli.setup"

local app = {
	summary = "Create an app at Segment with that token",
	usage = "[APP] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		client = { value = "NAME", help = "for the mounts with that client: report is REPORT_CLIENT_ID, …" },
		["display-name"] = { value = "TEXT", help = "what customers see" },
		description = { value = "TEXT", help = "what they read about it" },
		scope = { value = "SCOPE", help = "unless said that of your scripts" },
		["redirect-uris"] = {
			value = "URIS",
			help = "up to five, separated by spaces; unless said those of your scripts",
		},
		public = { value = "yes|no", help = "whether other workspaces may install it; yes unless said" },
		["client-uri"] = { value = "URI", help = "the app's web page" },
		["logo-uri"] = { value = "URI", help = "its logo" },
		["logo-mark-uri"] = { value = "URI", help = "its logo, small" },
		["tos-uri"] = { value = "URI", help = "its terms of service" },
		["policy-uri"] = { value = "URI", help = "its privacy policy" },
		["documentation-uri"] = { value = "URI", help = "its documentation" },
		replace = { help = "put its keys in the place of those that .env has" },
	},
	examples = [[
partnerapp setup app
partnerapp setup app --display-name "My app" --description "Does this" --public no
partnerapp setup app --display-name "My report" --client report
partnerapp setup app --segment-workspace my-workspace     by the older path, below a workspace
partnerapp setup app ./my-app --segment-api-url http://127.0.0.1:8889]],
}

function app.plan(given)
	return setup.task("setup_app", given)
end

return app
