-- The partner's app. Save it and the next request runs it: nothing is rebuilt, nothing restarted.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local destinations = require "destinations"
local home = require "home"
local pages = require "pages"

local app = partnerapp.new {
	destination = "google-analytics", -- the slug of your destination in Segment's catalog
	-- This app's own settings and their defaults. The second is for `--destination acme`.
	env = { TRACKING_ID = "UA-970334309-1", ACME_API_KEY = "sample-key" },
}

-- The scope is what a customer is asked to allow. A scope belongs to one app registered at Segment, so another scope is
-- another mount with its own client: workspace.lua has the two scopes of a whole workspace.
app:oauth("/auth/segment", {
	scope = "destination/" .. app.destination,
	installed = function(req, install)
		local destination, err
		if install.source then -- a workspace scope comes without one
			destination, err = app.actions.enable(install)
			if not destination then
				return reply.failed(502, "The install is saved, but its destination is not set up: " .. err)
			end
		end
		if req:wants_json() then
			return reply.json(pages.json(app, install, destination))
		end
		return reply.redirect("/installs/" .. install.id)
	end,
})

-- An action has a name, so that pages and commands can call it: `partnerapp run enable installs/7`. This one creates
-- the destination, or updates it.
function app.actions.enable(install)
	local segment = install:segment() -- a client whose token is renewed in time
	local settings = destinations.settings(app.destination, app.env)
	local destination, err, code = segment:create_destination(install.source, app.destination, settings)
	if code == "already_exists" then
		destination, err, code = segment:update_destination(install.source, app.destination, settings)
	end
	return destination, err, code
end

app:get("/", function(req)
	return reply.view("home", home.values(app, req))
end)

require "installs"(app) -- the pages of an install
require "workspace"(app) -- pages for the scopes workspace:read and workspace

-- Tokens live an hour: this job renews them before they expire, also without a request. Its lane is its own, so that a
-- slow job of another lane does not delay it.
app:every(60, "refresh", function()
	return app.installs:refresh_due()
end, { lane = "renewals" })

return app
