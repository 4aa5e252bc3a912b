-- LG-03: every no to a client is one line at info, with its reason as a stable word, and nothing secret.
local json = require "partnerapp.json"
local limits = require "partnerapp.limits"
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local PEER = "198.51.100.77"

local function new_app()
	local app = provider.app()
	app:post("/change", function(req)
		return reply.text(req.form.to or "nothing")
	end)
	app:post("/json", function(req)
		return reply.json(req.json)
	end, { csrf = false })
	app:get("/query", function(req)
		return reply.text(req.query.a or "nothing")
	end)
	app:get("/limited", function(req)
		limits.check(req, "refused cases", 1)
		return reply.text "fine"
	end)
	app:get("/by-app", function()
		partnerapp.refuse(403, "Not you.", nil, "not_you")
	end)
	app:get("/by-reply", function()
		return reply.failed(409, "Done already.")
	end)
	return app
end

-- A browser that has an install, and so a session; the address of the install.
local function customer(app)
	testing.network { [provider.TOKEN] = provider.token() }
	local client = testing.client(app, { ip = PEER })
	return client, provider.install(client).headers.location
end

local function comes_back(params)
	return function(client)
		local given = { state = provider.begin(client) }
		for name, value in pairs(params) do
			given[name] = value or nil
		end
		return provider.callback(client, given)
	end
end

-- The request of each refusal, and its status and reason.
local REFUSALS = {
	{
		"a form of another site",
		403,
		"cross_site",
		function(client)
			return client:post("/change", { form = { to = "x" }, headers = { ["sec-fetch-site"] = "cross-site" } })
		end,
	},
	{
		"a form of another origin",
		403,
		"cross_site",
		function(client)
			return client:post("/change", { form = { to = "x" }, headers = { origin = "https://evil.example" } })
		end,
	},
	{
		"a form without the session's token",
		403,
		"csrf_token",
		function(_, app)
			return customer(app):post("/change", { form = { to = "x", csrf = "wrong-token-of-a-form" } })
		end,
	},
	{
		"the install of another customer",
		404,
		"other_browser",
		function(client, app)
			local _, address = customer(app)
			return client:get(address)
		end,
	},
	{
		"an install that does not exist",
		404,
		"no_such_install",
		function(client)
			return client:get "/installs/none"
		end,
	},
	{
		"/metrics without a password",
		401,
		"admin_password",
		function(client)
			return client:get "/metrics"
		end,
	},
	{
		"/metrics with a wrong one",
		401,
		"admin_password",
		function(client)
			return client:get("/metrics", { headers = { authorization = "Bearer guessed-password" } })
		end,
	},
	{
		"too many flows",
		429,
		"rate_limit",
		function(_, app)
			local client = testing.client(app, { ip = PEER })
			client:get "/limited"
			return client:get "/limited"
		end,
	},
	{
		"an address without a route",
		404,
		"not_found",
		function(client)
			return client:get "/nothing/here"
		end,
	},
	{
		"a file that does not exist",
		404,
		"not_found",
		function(client)
			return client:get "/static/none.css"
		end,
	},
	{
		"another method",
		405,
		"method_not_allowed",
		function(client)
			return client:delete "/query"
		end,
	},
	{
		"a broken query",
		400,
		"malformed_query",
		function(client)
			return client:get "/query?a=%zz"
		end,
	},
	{
		"a broken form",
		400,
		"malformed_form",
		function(client)
			local headers = { ["content-type"] = "application/x-www-form-urlencoded" }
			return client:post("/change", { body = "to=%zz", headers = headers })
		end,
	},
	{
		"another body than a form",
		415,
		"not_a_form",
		function(client)
			return client:post("/change", { json = { to = "x" } })
		end,
	},
	{
		"another body than JSON",
		415,
		"not_json",
		function(client)
			return client:post("/json", { form = { to = "x" } })
		end,
	},
	{
		"broken JSON",
		400,
		"malformed_json",
		function(client)
			return client:post("/json", { body = "{", headers = { ["content-type"] = "application/json" } })
		end,
	},
	{
		"an app's own refusal",
		403,
		"not_you",
		function(client)
			return client:get "/by-app"
		end,
	},
	{
		"an app's refusal without a reason",
		409,
		"conflict",
		function(client)
			return client:get "/by-reply"
		end,
	},
	{
		"a callback with broken escapes",
		400,
		"malformed_fields",
		function(client)
			return client:get "/auth/segment/callback?state=%zz"
		end,
	},
	{ "a callback with an empty parameter", 400, "malformed", comes_back { code = "" } },
	{ "a callback without a code", 400, "no_code", comes_back {} },
	{ "a callback without a state", 400, "state_missing", comes_back { state = false, code = "x" } },
	{ "a callback with another state", 400, "state_wrong", comes_back { state = "state-of-an-attacker", code = "x" } },
	{ "a callback of another server", 400, "other_server", comes_back { code = "x", iss = "https://evil.example" } },
	{
		"a callback that is late",
		400,
		"state_expired",
		function(client)
			local state = provider.begin(client)
			testing.clock.advance(601)
			return provider.callback(client, { state = state, code = "x" })
		end,
	},
	{
		"a callback that came before",
		409,
		"state_used",
		function(client)
			testing.network { [provider.TOKEN] = provider.token() }
			local state = provider.begin(client)
			provider.callback(client, { state = state, code = "x" })
			return provider.callback(client, { state = state, code = "x" })
		end,
	},
	{ "a customer who says no", 403, "access_denied", comes_back { error = "access_denied" } },
	{ "an error that is not known", 400, "error", comes_back { error = "error-made-up" } },
	{
		"an install that exists",
		409,
		"already_exists",
		comes_back {
			error = "invalid_request",
			error_description = "install already exists",
		},
	},
}

-- The lines about refusals since the case began.
local function lines()
	local found = {}
	for _, line in ipairs(testing.log()) do
		if line.message:find "refused" then
			found[#found + 1] = line
		end
	end
	return found
end

local SECRET =
	{ "wrong-token-of-a-form", "guessed-password", "state-of-an-attacker", "error-made-up", "access-token-number" }

for _, one in ipairs(REFUSALS) do
	local what, status, reason, ask = table.unpack(one)
	testing.case("LG-03 " .. what .. " is logged as " .. reason, function(t)
		testing.settings { ADMIN_PASSWORD = "a long password" }
		local app = new_app()
		local response = ask(testing.client(app, { ip = PEER }), app)
		t.equal(response.status, status)
		local found = lines()
		t.equal(#found, 1, json.encode(testing.log()))
		t.equal(found[1].level, "info")
		t.same(found[1].fields, { status = status, reason = reason, peer = PEER })
		for _, secret in ipairs(SECRET) do
			t.lacks(json.encode(testing.log()), secret)
		end
	end)
end

testing.case("LG-03 every ending of a callback that refuses is in the table", function(t)
	local seen = {}
	for _, one in ipairs(REFUSALS) do
		seen[one[3]] = true
	end
	for _, name in ipairs {
		"malformed",
		"no_code",
		"state_missing",
		"state_wrong",
		"state_expired",
		"state_used",
		"other_server",
		"access_denied",
		"error",
		"already_exists",
	} do
		t.truthy(seen[name], name)
	end
end)

testing.case("LG-03 behind a trusted proxy the line has the client's address too", function(t)
	testing.settings { TRUSTED_PROXIES = PEER }
	local client = testing.client(new_app(), { ip = PEER, headers = { ["x-forwarded-for"] = "203.0.113.9" } })
	t.equal(client:get("/by-app").status, 403)
	t.same(lines()[1].fields, { status = 403, reason = "not_you", peer = PEER, client = "203.0.113.9" })
end)

testing.case("LG-03 what is answered, and what fails on this side, is not logged as refused", function(t)
	local app = new_app()
	app:get("/down", function()
		return reply.failed(502, "Segment does not answer.")
	end)
	local client = testing.client(app)
	for path, status in pairs { ["/query"] = 200, ["/down"] = 502 } do
		t.equal(client:get(path).status, status)
	end
	t.equal(client:options("/query").status, 204)
	t.same(lines(), {})
end)
