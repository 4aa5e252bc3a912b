-- Your app. Save it and the next request runs it: nothing is rebuilt, nothing restarted.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

local app = partnerapp.new {
	destination = "google-analytics", -- a slug of Segment's catalog, or of a file of destinations/ alone
	env = { TRACKING_ID = "UA-970334309-1" }, -- this app's own settings and their defaults; .env has others
}

local product = require("destinations." .. app.destination:gsub("%W", "_"))

-- A customer presses "Enable with Segment", consents, and comes back with an install.
app:oauth("/auth/segment", {
	scope = "destination/" .. app.destination,
	installed = function(_, install)
		local destination, problem = app.actions.enable(install)
		if not destination then
			return reply.failed(502, "The install is saved, but its destination is not set up: " .. problem)
		end
		return reply.view("installed", { install = install, destination = destination })
	end,
})

-- Creates the destination on the customer's source, or updates it. Also: partnerapp run enable installs/7
function app.actions.enable(install)
	local segment = install:segment() -- a client whose token is renewed in time
	local settings = product.enable(app.env)
	local destination, problem, code = segment:create_destination(install.source, app.destination, settings)
	if code == "already_exists" then
		return segment:update_destination(install.source, app.destination, settings)
	end
	return destination, problem, code
end

app:get("/", function()
	return reply.view("home", { destination = product.name })
end)

-- Tokens live an hour: this job renews them before they expire.
app:every(60, "refresh", function()
	return app.installs:refresh_due()
end)

return app
