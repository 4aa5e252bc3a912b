-- What the settings mean, and which client a mount has.
local clients = require "partnerapp.oauth.clients"
local config = require "partnerapp.config"
local partnerapp = require "partnerapp"
local provider = require "provider"
local setup_help = require "partnerapp.setup_help"
local testing = require "partnerapp.testing"

local REGISTER = "POST http://127.0.0.1:8889/_sandbox/clients"
local SANDBOX = {
	SANDBOX_URL = "http://127.0.0.1:8889",
	SEGMENT_ID_URL = "http://127.0.0.1:8889",
	SEGMENT_API_URL = "http://127.0.0.1:8889",
}

testing.case("development is when the public URL is this machine", function(t)
	for url, wanted in pairs({
		["http://localhost:8888"] = { "localhost", true, false },
		["http://127.0.0.1:8888"] = { "127.0.0.1", true, false },
		["http://127.1.2.3"] = { "127.1.2.3", true, false },
		["http://[::1]:8888"] = { "[::1]", true, false },
		["http://app.localhost:8888"] = { "app.localhost", true, false },
		["https://localhost"] = { "localhost", true, true },
		["https://app.example"] = { "app.example", false, true },
		["https://localhost.evil.example"] = { "localhost.evil.example", false, true },
		["https://127.0.0.1.evil.example"] = { "127.0.0.1.evil.example", false, true },
		["http://[::ffff:127.0.0.1]"] = { "[::ffff:127.0.0.1]", true, false },
		["https://[::2]"] = { "[::2]", false, true },
		["https://127.0.0.256"] = { "127.0.0.256", false, true },
		["https://notlocalhost"] = { "notlocalhost", false, true },
	}) do
		testing.settings({ PUBLIC_URL = url })
		t.same({ config.public_host, config.development, config.https }, wanted, url)
	end
end)

testing.case("a case's settings end with it", function(t)
	t.equal(config.public_url, "http://localhost:8888")
	t.equal(config.sandbox_url, nil)
end)

testing.case("a client has the settings of its name, both of them or none", function(t)
	t.same(clients.configured(), { id = "client-id-of-nobody", secret = "secret-of-nobody" })
	local client, message, code = clients.configured("report")
	t.equal(client, nil)
	t.equal(message, "REPORT_CLIENT_ID and REPORT_CLIENT_SECRET are not set")
	t.equal(code, "not_set")
	testing.settings({ REPORT_CLIENT_ID = "r" })
	t.equal(clients.configured("report"), nil)
	testing.settings({ REPORT_CLIENT_ID = "r", REPORT_CLIENT_SECRET = "" })
	t.equal(clients.configured("report"), nil)
	testing.settings({ ["env.MY_REPORT_CLIENT_ID"] = "r", ["env.MY_REPORT_CLIENT_SECRET"] = "s" })
	t.same(clients.configured("my-report"), { id = "r", secret = "s" })
end)

testing.case("an app's own settings have defaults, and names that can be set", function(t)
	testing.settings({ ["env.COLOUR"] = "red" })
	t.same(partnerapp.new({ env = { COLOUR = "blue", SIZE = "big" } }).env, { COLOUR = "red", SIZE = "big" })
	for _, name in ipairs({ "a b", "1A", "", "A-B", 5 }) do
		t.raises(function()
			partnerapp.new({ env = { [name] = "x" } })
		end, "cannot be the name of a setting")
	end
end)

testing.case("SBX-13 an app's own settings do not have the names of the server's", function(t)
	for _, name in ipairs({ "SECRET_KEY", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "ADMIN_PASSWORD", "DATABASE_URL" }) do
		t.raises(function()
			partnerapp.new({ env = { [name] = "" } })
		end, "env: '" .. name .. "' is a setting of the server, which an app cannot read; choose another name")
	end
	t.same(partnerapp.new({ env = { SECRET = "a", KEY_FILE = "b" } }).env, { SECRET = "a", KEY_FILE = "b" })
end)

testing.case("the set-up for pages says what is missing, never a secret", function(t)
	local setup = setup_help.setup("/auth/segment")
	t.equal(setup.configured, true)
	t.equal(setup.redirect_uri, "http://localhost:8888/auth/segment/callback")
	t.equal(setup.banner, false)
	t.equal(setup_help.setup("/auth/report", "report").configured, false)
	t.equal(setup_help.setup("/auth/report", "report").id_setting, "REPORT_CLIENT_ID")
	testing.settings(SANDBOX)
	setup = setup_help.setup("/auth/segment")
	t.equal(setup.sandbox, "http://127.0.0.1:8889")
	t.contains(setup.banner, "sandbox")
	for _, value in pairs(setup) do
		t.lacks(tostring(value), "secret-of-nobody")
	end
end)

-- The demo's clients

testing.case("in the demo a client is registered for the mount's scope", function(t)
	testing.settings(SANDBOX)
	local network = testing.network({ [REGISTER] = { json = { client_id = "demo-1", client_secret = "demo-secret" } } })
	local client = testing.client(provider.app({ scope = "workspace:read" }))
	local _, query, response = provider.begin(client)
	t.contains(response.headers.location, "http://127.0.0.1:8889/oauth2/auth?")
	t.equal(query.client_id, "demo-1")
	t.same(network.calls[1].json, {
		scope = "workspace:read",
		redirect_uris = { "http://localhost:8888/auth/segment/callback" },
		display_name = "Demo app",
	})
end)

testing.case("a script saved between the click and the callback does not break the flow", function(t)
	testing.settings(SANDBOX)
	local scopes = {}
	testing.network({
		[REGISTER] = function(request)
			scopes[#scopes + 1] = request.json.scope
			return { json = { client_id = "for " .. request.json.scope, client_secret = "demo-secret" } }
		end,
		["POST http://127.0.0.1:8889/oauth2/token"] = provider.token({ scope = "destination/google-analytics" }),
	})
	local client = testing.client(provider.app())
	local state = provider.begin(client)
	local saved, seen = provider.app({ scope = "workspace:read" })
	client.app = saved
	t.equal(provider.callback(client, { state = state, code = "x" }).status, 303)
	t.same(scopes, { "destination/google-analytics", "destination/google-analytics" })
	t.equal(seen[1].asked_scope, "destination/google-analytics")
	t.equal(seen[1].client_id, "for destination/google-analytics")
end)

testing.case("a sandbox that does not answer, or not as expected, is a page about that", function(t)
	testing.settings(SANDBOX)
	for _, answer in ipairs({
		function()
			return nil, "connection refused", "connect"
		end,
		{ status = 400, json = { error = "scope must be one of the catalog" } },
		{ body = "<html>" },
		{ json = { client_id = 5 } },
		{ json = { client_id = "x" } },
		{ json = {} },
	}) do
		testing.network({ [REGISTER] = answer })
		local response = testing.client(provider.app()):get("/auth/segment")
		t.equal(response.status, 502)
		t.contains(response.body, "<h1>The sandbox does not answer</h1>")
		t.equal(response.headers["set-cookie"], nil)
	end
end)

testing.case("without a sandbox a client is the settings', the same table every time", function(t)
	t.truthy(rawequal(clients.find(nil, "a", "b"), clients.find(nil, "c", "d")))
end)
