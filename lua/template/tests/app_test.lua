-- Run by `partnerapp test`, in process: the network is replaced.
local app = require "init"
local testing = require "partnerapp.testing"

local SOURCE = "workspaces/business/sources/js"
local DESTINATIONS = "POST https://platform.segmentapis.com/v1beta/" .. SOURCE .. "/destinations"

testing.case("the home page leads to Segment", function(t)
	local client = testing.client(app)
	t.contains(client:get("/").body, 'href="/auth/segment"')
	t.contains(client:get("/auth/segment").headers.location, "https://id.segmentapis.com/oauth2/auth")
end)

testing.case("an install creates the destination on the customer's source", function(t)
	local client = testing.client(app)
	local network = testing.network {
		["POST https://id.segmentapis.com/oauth2/token"] = {
			json = {
				access_token = "token",
				token_type = "bearer",
				expires_in = 3599,
				scope = "destination/google-analytics",
				app_name = "apps/2",
				install_name = "installs/7",
				workspace_names = { "workspaces/business" },
				source_names = { SOURCE },
			},
		},
		[DESTINATIONS] = {
			json = { name = SOURCE .. "/destinations/google-analytics", display_name = "Google Analytics" },
		},
	}
	local begun = client:get("/auth/segment")
	local state = begun.headers.location:match "state=([%w_-]+)"
	local page = client:get("/auth/segment/callback?code=code&state=" .. state)
	t.equal(page.status, 200)
	t.contains(page.body, "Google Analytics is set up on")
	t.contains(network.calls[#network.calls].body, "UA-970334309-1")
end)
