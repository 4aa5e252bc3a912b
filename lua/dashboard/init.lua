-- The dashboard: pages over a running app, mounted below /dashboard by the host. Each file adds the pages of one
-- subject; `given` is what the host gives them besides the public library (lua/partnerapp/host/dashboard.lua).
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"

local SUBJECTS =
	{ "login", "overview", "installs", "live_settings", "destinations", "tester", "traffic", "replay", "deliveries" }

---@param given partnerapp.host.given
---@return partnerapp.app
return function(given)
	local pages = partnerapp.new { name = "dashboard" }
	pages:failed(shell.failed)
	pages:before(function(req)
		shell.begin(req, given)
		if not given.administrator.is_in(req) and req.path ~= "/dashboard/login" then
			return require "partnerapp_dashboard.login".ask(req, given)
		end
	end)
	for _, subject in ipairs(SUBJECTS) do
		require("partnerapp_dashboard." .. subject).add(pages, given)
	end
	-- Without a login, an address with a page and one without get the same answer.
	pages:get("/*rest", function()
		return reply.failed(404, "The dashboard has no page at this address.")
	end)
	local mounted = partnerapp.new { name = "dashboard" }
	mounted:mount("/dashboard", pages)
	mounted:failed(shell.failed)
	return mounted
end
