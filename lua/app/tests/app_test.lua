-- The shipped app's tests: a partner's would look like these.
local app = require "init"
local destinations = require "destinations"
local testing = require "partnerapp.testing"

local TOKEN_URL = "POST https://id.segmentapis.com/oauth2/token"
local SOURCE = "workspaces/business/sources/js"
local API = "https://platform.segmentapis.com/v1beta/"
local DESTINATION = SOURCE .. "/destinations/google-analytics"

local function token(more)
	local body = {
		access_token = "token-of-the-test",
		token_type = "bearer",
		expires_in = 3599,
		scope = "destination/google-analytics",
		app_name = "apps/2",
		install_name = "installs/" .. math.random(1, 1 << 40),
		workspace_names = { "workspaces/business" },
		source_names = { SOURCE },
	}
	for name, value in pairs(more or {}) do
		body[name] = value ~= "absent" and value or nil
	end
	return { json = body }
end

local function destination(enabled)
	return {
		json = {
			name = DESTINATION,
			display_name = "Google Analytics",
			enabled = enabled,
			connection_mode = "CLOUD",
			config = {
				{ name = DESTINATION .. "/config/trackingId", display_name = "Tracking ID", value = "UA-970334309-1" },
				{ name = DESTINATION .. "/config/apiSecret", display_name = "Secret", value = "very-secret-value" },
			},
		},
	}
end

local function install(client, headers)
	local begun = client:get("/auth/segment")
	local state = begun.headers.location:match("state=([%w_-]+)")
	return client:get("/auth/segment/callback?code=code-of-the-test&state=" .. state, { headers = headers })
end

local SET_UP = { "Set-up", "CLIENT_ID", "CLIENT_SECRET", "redirect URI", "workspace.lua", "callback" }

testing.case("the home page tells customers what comes next, and in development how the app is set up", function(t)
	testing.settings { CLIENT_ID = "id-of-the-test", CLIENT_SECRET = "secret-of-the-client" }
	local page = testing.client(app):get("/")
	t.equal(page.status, 200)
	t.contains(page.body, "<title>Enable with Segment</title>")
	t.contains(page.body, "we set up Google Analytics on it")
	t.contains(page.body, 'href="/auth/segment"')
	t.contains(page.body, "http://localhost:8888/auth/segment/callback")
	for _, text in ipairs(SET_UP) do
		t.contains(page.body, text)
	end
	testing.settings { PUBLIC_URL = "https://app.example" }
	page = testing.client(app):get("/")
	t.contains(page.body, "we set up Google Analytics on it")
	t.contains(page.body, 'href="/auth/segment"')
	for _, text in ipairs(SET_UP) do
		t.lacks(page.body, text)
	end
	t.lacks(page.body, "/auth/report", "a flow without a client is not offered")
end)

testing.case("without a client customers are asked to come back, and the developer to set one", function(t)
	testing.settings { CLIENT_ID = "", CLIENT_SECRET = "" }
	local page = testing.client(app):get("/")
	t.contains(page.body, "Please come back later.")
	t.lacks(page.body, 'href="/auth/segment"')
	t.contains(page.body, "The app needs a client: put <code>CLIENT_ID</code>")
	testing.settings { CLIENT_ID = "", CLIENT_SECRET = "", PUBLIC_URL = "https://app.example" }
	page = testing.client(app):get("/")
	t.contains(page.body, "Please come back later.")
	t.lacks(page.body, "CLIENT_ID")
end)

testing.case("a destination that has no file here is called by its slug, as people write it", function(t)
	t.equal(destinations.name "google-analytics", "Google Analytics")
	t.equal(destinations.name "facebook-pixel", "Facebook Pixel")
	t.equal(destinations.name "customer.io", "Customer.io")
end)

testing.case("an install creates the destination and shows it, secrets masked", function(t)
	local client = testing.client(app)
	local network = testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
		["GET " .. API .. DESTINATION] = destination(true),
	}
	local response = install(client)
	t.equal(response.status, 303)
	local sent = network.calls[2].json.destination
	t.equal(sent.name, DESTINATION)
	t.equal(sent.enabled, true)
	t.equal(sent.connection_mode, "CLOUD")
	local page = client:follow(response)
	t.equal(page.status, 200)
	t.contains(page.body, "Google Analytics is enabled")
	t.contains(page.body, "UA-970334309-1")
	t.lacks(page.body, "very-secret-value")
	t.lacks(page.body, "token-of-the-test")
end)

testing.case("a destination that exists is updated", function(t)
	local network = testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = {
			status = 409,
			json = { error = "destination already exists", code = 6 },
		},
		["PATCH " .. API .. DESTINATION] = destination(true),
	}
	t.equal(install(testing.client(app)).status, 303)
	local sent = network.calls[3].json
	t.same(sent.update_mask.paths, { "destination.enabled", "destination.connection_mode", "destination.config" })
end)

testing.case("when the destination cannot be set up, the page says so and the install is saved", function(t)
	testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = {
			status = 403,
			json = { error = "insufficient scope", code = 7 },
		},
	}
	local before = app.installs:count()
	local response = install(testing.client(app))
	t.equal(response.status, 502)
	t.contains(response.body, "insufficient scope")
	t.equal(app.installs:count(), before + 1)
end)

testing.case("a token without a source is an install of a workspace", function(t)
	local client = testing.client(app)
	testing.network { [TOKEN_URL] = token { source_names = "absent", scope = "workspace:read" } }
	local page = client:follow(install(client))
	t.contains(page.body, "workspace:read")
	t.contains(page.body, "read the workspace")
end)

testing.case("OA-19 the page shows a scope that was granted differently beside the one that was asked for", function(t)
	local client = testing.client(app)
	testing.network { [TOKEN_URL] = token { source_names = "absent", scope = "workspace:read" } }
	local page = client:follow(install(client))
	t.match(page.body, "<code>workspace:read</code>[^<]*<code>destination/google%-analytics</code>")
end)

testing.case("an install is shown to the browser that made it only", function(t)
	testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
	}
	local response = install(testing.client(app))
	t.equal(testing.client(app):get(response.headers.location).status, 404)
end)

testing.case("a program gets JSON", function(t)
	testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
	}
	local response = install(testing.client(app), { accept = "application/json" })
	t.equal(response.status, 200)
	local body = response.json()
	t.equal(body.install.source, SOURCE)
	t.equal(body.install.token, "***")
	t.equal(body.destination.enabled, true)
	t.lacks(response.body, "token-of-the-test")
	t.lacks(response.body, "very-secret-value")
end)

testing.case("an install that Segment gave up has to be connected again, and the page says so", function(t)
	local client = testing.client(app)
	local answer = token()
	testing.network {
		[TOKEN_URL] = answer,
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
		["GET " .. API .. answer.json.install_name .. "/token"] = { status = 404, json = { error = "no such install" } },
	}
	local response = install(client)
	testing.clock.advance(3600)
	local page = client:follow(response)
	t.equal(page.status, 200)
	t.contains(page.body, "no such install")
	t.contains(page.body, "Connect again")
	t.contains(client:follow(response).body, "Connect again")
	t.contains(client:get("/").body, "has to be connected again")
end)

-- The page of an install whose destination Segment answers for with this.
local function page_when(answer)
	local client = testing.client(app)
	testing.network {
		[TOKEN_URL] = token(),
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
		["GET " .. API .. DESTINATION] = answer,
	}
	local response = install(client)
	return client:follow(response), client, response.headers.location
end

testing.case("the advice on the page of an install fits its cause", function(t)
	for what, one in pairs {
		["Segment is down"] = {
			{ status = 503, json = { error = "down", code = 14 } },
			has = { "<h1>Connected", "does not answer right now", "You need not do anything", "Load again" },
			lacks = { "Connect again", "connect again", "Enable it" },
		},
		["too many requests"] = {
			{ status = 429, json = { error = "quota", code = 8 } },
			has = { "makes too many calls right now", "too many requests", "Load again" },
			lacks = { "onnect again", "Enable it", "does not answer" },
		},
		["an answer that is cut"] = {
			{ status = 200, body = '{"name":' },
			has = { "did not come whole", "line 1, column 9: the text ends inside of an object", "Load again" },
			lacks = { "onnect again", "Enable it", "does not answer" },
		},
		["the destination is deleted"] = {
			{ status = 404, json = { error = "not found", code = 5 } },
			has = {
				"<h1>Not set up<",
				"is not on your source",
				"It was deleted at Segment",
				"Connect again",
			},
			lacks = { "Enable it", "Load again" },
		},
		["the access is refused"] = {
			{ status = 403, json = { error = "insufficient scope", code = 7 } },
			has = { "does not let this app see", "insufficient scope", "Connect again" },
			lacks = { "Enable it", "Load again" },
		},
		["it is disabled"] = {
			destination(false),
			has = { "is on your source, but not enabled", "Enable it in your Segment workspace" },
			lacks = { "Load again", "deleted" },
		},
	} do
		local page = page_when(one[1])
		t.equal(page.status, 200, what)
		for _, text in ipairs(one.has) do
			t.contains(page.body, text, what)
		end
		for _, text in ipairs(one.lacks) do
			t.lacks(page.body, text, what)
		end
	end
end)

testing.case("a token that Segment refuses has to be given again", function(t)
	local client, answer = testing.client(app), token()
	local renewal = "GET " .. API .. answer.json.install_name .. "/token"
	testing.network {
		[TOKEN_URL] = answer,
		["POST " .. API .. SOURCE .. "/destinations"] = destination(true),
		["GET " .. API .. DESTINATION] = { status = 401, json = { error = "malformed token", code = 16 } },
		[renewal] = { json = { access_token = "another", token_type = "bearer", expires_in = 3600 } },
	}
	local page = client:follow(install(client))
	t.contains(page.body, "<h1>Not connected any more")
	t.contains(page.body, "Segment refuses the access of this app.")
	t.contains(page.body, "Connect again")
	t.lacks(page.body, "Enable it")
end)

testing.case("disconnecting asks once, and the answer can be no", function(t)
	local page, client, where = page_when(destination(true))
	t.contains(page.body, 'href="' .. where .. '/disconnect"')
	t.lacks(page.body, 'action="' .. where .. '/disconnect"')
	page = client:get(where .. "/disconnect")
	t.equal(page.status, 200)
	t.contains(page.body, "<h1>Disconnect?")
	t.contains(page.body, "Google Analytics stays on your source")
	t.contains(page.body, 'href="' .. where .. '">Keep it connected')
	t.equal(client:get(where).status, 200, "asking deletes nothing")
	t.equal(testing.client(app):get(where .. "/disconnect").status, 404, "another browser")
	page = client:submit(page)
	t.equal(page.status, 200)
	t.contains(page.body, "has deleted")
	t.equal(client:get(where).status, 404)
end)

testing.case("every setting of an action comes from the app's own env", function(t)
	local settings = destinations.settings("google-analytics", { TRACKING_ID = "UA-1" })
	t.equal(settings.config.trackingId, "UA-1")
	t.equal(settings.enabled, true)
	t.equal(destinations.settings("slack", {}).config, nil)
end)
