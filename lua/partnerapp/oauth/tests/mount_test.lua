-- Mounts and the beginning of the install flow. Its callback is in callback_test.lua, its end in endings_test.lua.
local call_from_app = require "caller"
local cookie = require "partnerapp.web.cookie"
local crypto = require "partnerapp.crypto"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local begin, callback, install, TOKEN = provider.begin, provider.callback, provider.install, provider.TOKEN

-- Mounts

testing.case("a mount with a wrong option, path or scope fails when the app loads, and says where and why", function(t)
	local function installed() end
	local function mount(path, options, text)
		local err = t.raises(function()
			local app = partnerapp.new({})
			call_from_app(app.oauth, app, path, options)
		end, text)
		t.match(err, "^caller%.lua:%d+: oauth: ")
	end
	mount("/a", nil, "table of options")
	mount("/a", { scope = "workspace" }, "'installed'")
	mount("/a", { installed = installed }, "'scope'")
	mount("/a", { scope = 5, installed = installed }, "'scope' must be a string")
	mount("/a", { scope = "workspace", installed = installed, callback = "/b" }, "unknown option 'callback'")
	mount("/a", { scope = "", installed = installed }, "cannot be a scope")
	mount("/a", { scope = "a\nb", installed = installed }, "cannot be a scope")
	for _, path in ipairs({ "", "a", "/", "/a/", "/a?b", "/:id", "/*all", "/a b", "/é", false }) do
		mount(path, { scope = "workspace", installed = installed }, "cannot be the path of a mount")
	end
end)

testing.case("two mounts at one path clash, with both places", function(t)
	local app = provider.app()
	t.raises(function()
		app:oauth("/auth/segment", { scope = "workspace", installed = function() end })
	end, "already defined at")
end)

-- Beginning

testing.case("HT-07 /auth/segment is a 302 with one cookie, named after a hash of the state, never cached", function(t)
	local client = testing.client(provider.app())
	local state, query, response = begin(client)
	t.equal(response.status, 302)
	t.equal(#response.headers["set-cookie"], 1)
	t.match(response.headers["set-cookie"][1], "^partnerapp_8888_flow_")
	t.truthy(client.cookies["partnerapp_8888_flow_" .. provider.hash(state):sub(1, 22)])
	t.equal(response.headers["cache-control"], "no-store")
	t.contains(response.headers.location, "https://id.segmentapis.com/oauth2/auth?")
	t.equal(query.response_type, "code")
	t.equal(query.client_id, "client-id-of-nobody")
	t.equal(query.scope, "destination/google-analytics")
	t.equal(query.redirect_uri, "http://localhost:8888/auth/segment/callback")
	t.equal(query.code_challenge_method, "S256")
	t.match(response.headers["set-cookie"][1], "; Max%-Age=600$")
end)

testing.case("LG-03 the beginning of a flow is logged, without its state", function(t)
	local state = begin(testing.client(provider.app()))
	local lines = testing.log()
	t.equal(#lines, 1)
	t.equal(lines[1].message, "install flow begun")
	t.equal(lines[1].level, "info")
	t.lacks(json.encode(lines), state)
end)

testing.case("OA-01 every redirect has a state and a challenge of its own, of 256 bits", function(t)
	local client = testing.client(provider.app())
	local known = {}
	for _ = 1, 200 do
		local state, query = begin(client)
		t.match(state, "^[%w_-]+$")
		t.equal(#state, 43)
		t.equal(#query.code_challenge, 43)
		t.falsy(known[state] or known[query.code_challenge])
		known[state], known[query.code_challenge] = true, true
	end
end)

testing.case("values with special characters are escaped in the authorize URL", function(t)
	testing.settings({ CLIENT_ID = "a b&c=d#é" })
	local _, query = begin(testing.client(provider.app({ scope = "destination/customer.io extra" })))
	t.equal(query.client_id, "a b&c=d#é")
	t.equal(query.scope, "destination/customer.io extra")
end)

testing.case("OA-05 the cookie tells neither the state nor its hash nor the verifier", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	local _, sealed = next(client.cookies)
	t.lacks(sealed, state)
	t.lacks(crypto.unbase64url(sealed), state)
	t.lacks(crypto.unbase64url(sealed), provider.hash(state))
	t.lacks(sealed, provider.hash(state))
end)

-- Browsers and sessions

testing.case("OA-22 an install opens for the browser that made it only", function(t)
	local app = provider.app()
	local client = testing.client(app)
	testing.network({ [TOKEN] = provider.token() })
	local page = install(client).headers.location
	t.equal(client:get(page).status, 200)
	t.equal(testing.client(app):get(page).status, 404)
	t.equal(client:get("/installs/unknown").status, 404)
end)

testing.case("OA-24 an install begins a new session; the old id is dead, the installs before are kept", function(t)
	local app = provider.app()
	local client, thief = testing.client(app), testing.client(app)
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	local first = install(client).headers.location
	thief.cookies[cookie.name "session"] = client.cookies[cookie.name "session"]
	t.equal(thief:get(first).status, 200)
	local second = install(client).headers.location
	t.truthy(client.cookies[cookie.name "session"] ~= thief.cookies[cookie.name "session"])
	t.equal(client:get(first).status, 200)
	t.equal(client:get(second).status, 200)
	t.equal(thief:get(first).status, 404)
end)

testing.case("OA-24 a session that was planted in a browser ends at an install", function(t)
	local app = provider.app()
	local attacker, victim = testing.client(app), testing.client(app)
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	install(attacker)
	victim.cookies[cookie.name "session"] = attacker.cookies[cookie.name "session"]
	local page = install(victim).headers.location
	t.equal(attacker:get(page).status, 404)
end)

-- By hand

testing.case("the parts of a flow are there for a callback written by hand", function(t)
	local by_hand = require "partnerapp.oauth.callback"
	local clients = require "partnerapp.oauth.clients"
	local oauth = require "partnerapp.oauth.mount"
	local segment = require "partnerapp.segment"
	local app = partnerapp.new({})
	local mount = { path = "/go", scope = "workspace", redirect_uri = "http://localhost:8888/go/callback" }
	app:get("/go", function(req)
		return oauth.start(req, mount)
	end)
	app:get("/go/callback", function(req)
		local flow, response = by_hand.receive(req, mount)
		if not flow then
			return response
		end
		local client = clients.find(nil, mount.scope, mount.redirect_uri)
		local token = assert(by_hand.exchange(client, flow.code, mount.redirect_uri, flow.verifier))
		local api = segment.new({ token = token.access_token })
		return reply.json(assert(api:create_destination(token.source, "webhooks", { enabled = true })))
	end)
	local answer, token = provider.token()
	local network = testing.network({
		[TOKEN] = answer,
		["POST " .. provider.API .. provider.SOURCE .. "/destinations"] = { json = { name = "made" } },
	})
	local client = testing.client(app)
	local state = begin(client, "/go")
	t.equal(callback(client, { state = state, code = "x" }, nil, "/go").json().name, "made")
	t.equal(network.calls[2].bearer, token)
	t.equal(callback(client, { state = state, code = "x" }, nil, "/go").status, 409)
	t.equal(callback(client, { state = "x", code = "x" }, nil, "/go").status, 400)
end)

testing.case("a mount of an app that another one mounts has its prefix everywhere", function(t)
	local outer, inner = partnerapp.new({}), provider.app()
	outer:mount("/partner", inner)
	local client = testing.client(outer)
	local network = testing.network({ [TOKEN] = provider.token() })
	local state, query = begin(client, "/partner/auth/segment")
	t.equal(query.redirect_uri, "http://localhost:8888/partner/auth/segment/callback")
	t.equal(callback(client, { state = state, code = "x" }, nil, "/partner/auth/segment").status, 303)
	t.equal(network.calls[1].form.redirect_uri, query.redirect_uri)
end)

testing.case("an app tells its flows, those of mounted apps below their prefix", function(t)
	local outer, inner = partnerapp.new({}), partnerapp.new({})
	local function installed() end
	outer:oauth("/auth/segment", { scope = "workspace", installed = installed })
	inner:oauth("/auth", { scope = "workspace:read", client = "report", installed = installed })
	outer:mount("/partner", inner)
	local told = {}
	for i, flow in ipairs(outer:flows()) do
		told[i] = { flow.path, flow.scope, flow.client or "-" }
	end
	t.same(told, { { "/auth/segment", "workspace", "-" }, { "/partner/auth", "workspace:read", "report" } })
	t.equal(inner:flows()[1].path, "/auth")
end)

testing.case("OA-15 two authorization servers with one client are refused when the app loads", function(t)
	local function installed() end
	local function options(client)
		local at = "https://id.courier.example"
		local server = { issuer = at, authorize_url = at .. "/authorize", token_url = at .. "/token" }
		return { client = client, scope = "mail", installed = installed, server = server }
	end
	local function segment(client)
		return { client = client, scope = "workspace", installed = installed }
	end
	local app = partnerapp.new({})
	app:oauth("/auth/segment", segment())
	local message = t.raises(function()
		app:oauth("/auth/courier", options())
	end)
	t.contains(
		message,
		"/auth/segment is for Segment, and /auth/courier for https://id.courier.example, with one client"
	)
	t.contains(message, "CLIENT_SECRET would go to both")
	app:oauth("/auth/courier", options "courier")
	app:oauth("/auth/again", options "courier")
	t.raises(function()
		app:oauth("/auth/other", segment "Courier") -- the same name of settings
	end, "COURIER_CLIENT_SECRET would go to both")
	local inner = partnerapp.new({})
	inner:oauth("/auth/courier", options())
	t.raises(function()
		app:mount("/partner", inner)
	end, "mount: /auth/segment is for Segment, and /auth/courier")
end)

testing.case("OA-15 a public client may be that of two servers: it has no secret", function(t)
	local function options(host, authentication)
		local at = "https://" .. host
		return {
			client = "courier",
			installed = function() end,
			server = {
				issuer = at,
				authorize_url = at .. "/authorize",
				token_url = at .. "/token",
				authentication = authentication,
			},
		}
	end
	local app = partnerapp.new({})
	app:oauth("/auth/live", options("login.courier.example", "none"))
	app:oauth("/auth/trial", options("trial.courier.example", "none"))
	t.equal(#app:flows(), 2)
	t.raises(function()
		app:oauth("/auth/other", options("other.example", "post"))
	end, "with one client: COURIER_CLIENT_ID would go to both")
end)
