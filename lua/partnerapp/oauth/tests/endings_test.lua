-- Every ending of an install flow: a page that a person understands, JSON for programs, and nothing secret in either.
local cookie = require "partnerapp.web.cookie"
local json = require "partnerapp.json"
local provider = require "provider"
local testing = require "partnerapp.testing"

local begin, callback, install, TOKEN = provider.begin, provider.callback, provider.install, provider.TOKEN
local install_with = provider.install_with

local JSON = { headers = { accept = "application/json" } }

local function failing(code, message)
	return function()
		return nil, message or code, code
	end
end

-- Checks a page: status, title, sentence, the link to start again, no script.
local function is_page(t, response, status, title, text)
	t.equal(response.status, status)
	t.equal(response.headers["content-type"], "text/html; charset=utf-8")
	t.equal(response.headers["cache-control"], "no-store")
	t.contains(response.body, "<title>" .. title .. "</title>")
	t.contains(response.body, "<h1>" .. title .. "</h1>")
	t.contains(response.body, text)
	t.contains(response.body, 'href="/auth/segment">Start again</a>')
	t.contains(response.body, "test-")
	t.lacks(response.body, "<script")
	t.lacks(response.body, "style=")
	t.lacks(response.body, "secret-of-nobody")
	t.lacks(response.body, "code-of-the-case")
end

local function is_json(t, response, status, name)
	t.equal(response.status, status)
	t.equal(response.headers["content-type"], "application/json")
	local body = response.json()
	t.equal(body.error, name)
	t.equal(body.start_again, "/auth/segment")
	t.match(body.message, "^%u.*%.$")
	t.match(body.request_id, "^test%-")
	return body
end

-- States

for name, case in pairs({
	state_missing = { "code=x", 400, "Something is missing", "has no state" },
	state_wrong = { "code=x&state=forged", 400, "Not begun in this browser", "did not begin" },
	malformed = { "code=&state=x", 400, "Malformed", "empty or given twice" },
	no_code = { "state=x", 400, "Something is missing", "neither a code nor an error" },
}) do
	testing.case("ending " .. name, function(t)
		local client = testing.client(provider.app())
		is_page(t, client:get("/auth/segment/callback?" .. case[1]), table.unpack(case, 2))
		is_json(t, client:get("/auth/segment/callback?" .. case[1], JSON), case[2], name)
	end)
end

testing.case("ending state_expired", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	testing.clock.advance(700)
	is_page(t, callback(client, { state = state, code = "x" }), 400, "Too late", "more than ten minutes ago")
	is_json(t, callback(client, { state = state, code = "x" }, JSON), 400, "state_expired")
end)

testing.case("ending state_used", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	callback(client, { state = state, error = "access_denied" })
	is_page(t, callback(client, { state = state, code = "x" }), 409, "Already used", "It works only once")
	is_json(t, callback(client, { state = state, code = "x" }, JSON), 409, "state_used")
end)

testing.case("ending other_server", function(t)
	local client = testing.client(provider.app())
	local params = { state = begin(client), code = "x", iss = "https://evil.example" }
	is_page(t, callback(client, params), 400, "Wrong sender", "another authorization server")
	is_json(t, callback(client, params, JSON), 400, "other_server")
end)

-- Errors from Segment

local ERRORS = {
	access_denied = { 403, "Not connected" },
	invalid_request = { 400, "Segment refused" },
	invalid_client = { 400, "Segment refused" },
	invalid_scope = { 400, "Segment refused" },
	invalid_state = { 400, "Segment refused" },
	unauthorized_client = { 400, "Segment refused" },
	unsupported_response_type = { 400, "Segment refused" },
	server_error = { 400, "Segment refused" },
	temporarily_unavailable = { 400, "Segment refused" },
}

for name, wanted in pairs(ERRORS) do
	testing.case("ending " .. name, function(t)
		local client = testing.client(provider.app())
		local response = callback(client, { state = begin(client), error = name, error_hint = "a hint" })
		is_page(t, response, wanted[1], wanted[2], "a hint")
		t.contains(response.body, name)
		local body = is_json(
			t,
			callback(client, { state = begin(client), error = name, error_hint = "a hint" }, JSON),
			wanted[1],
			name
		)
		t.same(body.details, { error = name, error_hint = "a hint" })
	end)
end

testing.case("OA-20 an error that is not listed is shown, and named nowhere else", function(t)
	local client = testing.client(provider.app())
	for _, name in ipairs({ "strange", "connected", "state_used", "not_saved", "Access_Denied", ("e"):rep(3000) }) do
		local response = callback(client, { state = begin(client), error = name }, JSON)
		is_json(t, response, 400, "error")
	end
	t.lacks(json.encode(testing.log()), "strange")
end)

testing.case("OA-20 what Segment says is shown as text, cut, without links", function(t)
	local client = testing.client(provider.app())
	local evil = "<script>alert(1)</script><a href='https://evil.example'>&\"'"
	local response = callback(client, {
		state = begin(client),
		error = evil,
		error_description = evil .. ("é"):rep(1000),
		error_hint = "{{ 7 * 7 }} {% x %}",
		error_uri = "https://evil.example/help",
	})
	is_page(t, response, 400, "Segment refused", "&lt;script&gt;alert(1)&lt;/script&gt;&lt;a href=&#39;")
	t.contains(response.body, "{{ 7 * 7 }} {% x %}")
	t.lacks(response.body, "evil.example/help")
	t.lacks(response.body, "href='https")
	t.truthy(utf8.len(response.body))
	t.truthy(#response.body < 4000)
	t.contains(response.body, "é…")
end)

testing.case("OA-20 a text of wide characters is cut between two of them", function(t)
	local client = testing.client(provider.app())
	for shift = 0, 3 do
		local text = ("x"):rep(shift) .. ("漢"):rep(400)
		local response =
			callback(client, { state = begin(client), error = "server_error", error_description = text }, JSON)
		local shown = response.json().details.error_description
		t.truthy(utf8.len(shown))
		t.truthy(#shown > 500 and #shown <= 515, "length " .. #shown)
	end
end)

-- Already installed

local function exists(client, options)
	return callback(client, {
		state = begin(client),
		error = "invalid_request",
		error_description = "The request failed: install already exists",
	}, options)
end

testing.case("OA-22 a forged `install already exists` opens no install", function(t)
	local app, seen = provider.app()
	testing.network({ [TOKEN] = provider.token() })
	install(testing.client(app))
	local stranger = testing.client(app)
	local response = exists(stranger)
	is_page(t, response, 409, "Already installed", "already installed on that workspace")
	t.lacks(response.body, seen[1].id)
	t.lacks(response.body, provider.SOURCE)
	is_json(t, exists(stranger, JSON), 409, "already_exists")
	t.equal(stranger.cookies[cookie.name "session"], nil)
	t.equal(#seen, 1)
end)

testing.case("OA-22 `install already exists` goes on with the one install that this browser made", function(t)
	local app, seen = provider.app()
	local client = testing.client(app)
	testing.network({ [TOKEN] = provider.token() })
	local page = install(client).headers.location
	local response = exists(client)
	t.equal(response.status, 303)
	t.equal(response.headers.location, page)
	t.equal(#seen, 2)
	t.equal(exists(client, JSON).json().install.id, seen[1].id)
end)

testing.case("`install already exists` with several installs lets the browser choose", function(t)
	local app, seen = provider.app()
	local client, source = testing.client(app), provider.SOURCE
	testing.network({
		[TOKEN] = function()
			return (provider.token { source_names = json.array { source } })
		end,
	})
	install(client)
	source = "workspaces/other/sources/js"
	install(client)
	install(client)
	local response = exists(client)
	is_page(t, response, 409, "Already installed", "already installed")
	t.contains(response.body, 'href="/installs/' .. seen[1].id .. '"')
	t.contains(response.body, 'href="/installs/' .. seen[3].id .. '"')
	t.lacks(response.body, seen[2].id, "a newer install of its source is there")
	t.equal(#seen, 3)
end)

testing.case("`install already exists` goes on with the newest of several installs of one source", function(t)
	local app, seen = provider.app()
	local client = testing.client(app)
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	install(client)
	local newest = install(client).headers.location
	t.equal(exists(client).headers.location, newest)
	t.truthy(seen[1].id ~= seen[2].id)
end)

testing.case("after a failed exchange the page says what to remove before another try", function(t)
	local client = testing.client(provider.app())
	testing.network({ [TOKEN] = { status = 503, body = "" } })
	local removal = "Remove it there, in the workspace&#39;s settings at Segment, before another try"
	t.contains(install(client).body, removal)
	t.contains(install(client, JSON).json().message, "before another try")
	t.lacks(install(client).body, "In this demo")
	testing.network({ [TOKEN] = { status = 400, json = { error = "invalid_grant" } } })
	t.contains(install(client).body, removal)
	t.lacks(callback(client, { state = begin(client), error = "access_denied" }).body, removal, "there is no install")
	t.lacks(callback(client, { state = "x", code = "y" }).body, removal)
end)

testing.case("OA-22 `install already exists` goes on with an install of the same client only", function(t)
	local app, seen = provider.app()
	local client = testing.client(app)
	testing.network({ [TOKEN] = provider.token() })
	install(client)
	testing.settings({ CLIENT_ID = "another-client" })
	is_page(t, exists(client), 409, "Already installed", "already installed")
	t.equal(#seen, 1)
end)

-- The exchange

local EXCHANGES = {
	timeout = { failing("timeout", "no answer in 15 s"), "timeout", 504, "Segment is slow", "Try again in a moment" },
	["no connection"] = { failing("connect"), "unreachable", 502, "Segment cannot be reached", "Nothing was saved" },
	["no name"] = { failing("dns"), "unreachable", 502, "Segment cannot be reached", "Nothing was saved" },
	["no TLS"] = { failing("tls"), "unreachable", 502, "Segment cannot be reached", "Nothing was saved" },
	["10 MB"] = { failing("too_large"), "bad_response", 502, "Unexpected answer", "could not be understood" },
	["broken HTTP"] = {
		failing("bad_response"),
		"connection_lost",
		502,
		"The connection broke",
		"Try again in a moment",
	},
	["a plain 503"] = {
		{ status = 503, body = "upstream connect error or disconnect/reset before headers" },
		"unavailable",
		502,
		"Segment is not available",
		"answered 503",
	},
	["a 500 page"] = {
		{ status = 500, body = ("<h1>oops</h1>"):rep(10000) },
		"unavailable",
		502,
		"Segment is not available",
		"Try again in a moment",
	},
	["an error of the server's own"] = {
		{ status = 500, json = { error = "server_error", error_description = "a lock timed out" } },
		"unavailable",
		502,
		"Segment is not available",
		"server_error: a lock timed out",
	},
	["too many requests"] = {
		{ status = 429, body = "" },
		"unavailable",
		502,
		"Segment is not available",
		"answered 429",
	},
	["an unknown code"] = {
		{ status = 400, json = { error = "invalid_grant", error_description = "the code is <unknown>" } },
		"code_refused",
		502,
		"The code was refused",
		"the code is &lt;unknown&gt;",
	},
	["another redirect_uri"] = {
		{
			status = 400,
			json = {
				error = "invalid_request",
				error_description = "The request is missing a required parameter, includes an invalid parameter value",
			},
		},
		"redirect_uri",
		502,
		"The redirect URI does not match",
		"http://localhost:8888/auth/segment/callback",
	},
	["a wrong secret"] = {
		{ status = 401, json = { error = "invalid_client", error_description = "Client authentication failed" } },
		"invalid_credentials",
		502,
		"Wrong credentials",
		"does not accept this app&#39;s credentials",
	},
}

for name, case in pairs(EXCHANGES) do
	testing.case("TO-10 ending of the exchange: " .. name, function(t)
		local app, seen = provider.app()
		local client = testing.client(app)
		local before = app.installs:count()
		testing.network({ [TOKEN] = case[1] })
		is_page(t, install(client), table.unpack(case, 3))
		is_json(t, install(client, JSON), case[3], case[2])
		t.equal(#seen, 0)
		t.equal(app.installs:count(), before)
		t.equal(client.cookies[cookie.name "session"], nil)
	end)
end

local HTML = { ["content-type"] = "text/html" }
local AS_JSON = { ["content-type"] = "application/json;charset=UTF-8" }

for name, answer in pairs({
	["HTML with 200"] = { body = "<html>Log in</html>", headers = HTML },
	["nothing"] = { body = "", headers = AS_JSON },
	["a cut object"] = { body = '{"access_token":"abc', headers = AS_JSON },
	["UTF-16"] = { body = "\xff\xfe{\0}\0", headers = AS_JSON },
	["broken UTF-8"] = { body = '{"access_token":"\xff"}', headers = AS_JSON },
	["a NUL"] = { body = '{"access_token":"a"}\0', headers = AS_JSON },
	["a list"] = { body = "[]", headers = AS_JSON },
	["null"] = { body = "null", headers = AS_JSON },
	["a number"] = { body = "5", headers = AS_JSON },
	["deep nesting"] = { body = ("["):rep(5000) .. ("]"):rep(5000), headers = AS_JSON },
	["a success without a body"] = { status = 204 },
	["a redirect"] = { status = 302, headers = { location = "https://evil.example" } },
	["an error that is not a string"] = { status = 400, json = { error = { "invalid_grant" } } },
}) do
	testing.case("RT-14 the token endpoint answers " .. name, function(t)
		local client = testing.client(provider.app())
		testing.network({ [TOKEN] = answer })
		is_page(t, install(client), 502, "Unexpected answer", "could not be understood")
		is_json(t, install(client, JSON), 502, "bad_response")
	end)
end

testing.case("TO-03 an error with 200 is that error", function(t)
	local client = testing.client(provider.app())
	testing.network { [TOKEN] = { json = { error = "server_error", error_description = "<b>later" } } }
	is_page(t, install(client), 502, "Segment is not available", "server_error: &lt;b&gt;later")
	testing.network { [TOKEN] = { json = { error = "invalid_grant" }, status = 201 } }
	is_page(t, install(client), 502, "The code was refused", "invalid_grant")
end)

testing.case("TO-03 JSON that says it is HTML, under 201, is a token", function(t)
	local client = testing.client(provider.app())
	testing.network { [TOKEN] = { json = provider.token().json, headers = HTML, status = 201 } }
	t.equal(install(client).status, 303)
end)

-- After the exchange

testing.case("a token without install and source is saved, under a name of ours", function(t)
	local app, seen = provider.app({ scope = "workspace:read" })
	local client = testing.client(app)
	testing.network({
		[TOKEN] = provider.token({ install_name = "absent", source_names = "absent", workspace_names = "absent" }),
	})
	local response = install(client)
	t.equal(response.status, 303)
	t.equal(seen[1].source, nil)
	t.match(seen[1].name, "^local/")
	t.equal(client:get(response.headers.location).json().source, json.null)
end)

testing.case("ending connected: an app that has nothing to add", function(t)
	local app = provider.app({ installed = function() end })
	local client = testing.client(app)
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	local response = install(client)
	t.equal(response.status, 200)
	t.contains(response.body, "<h1>Connected</h1>")
	t.truthy(client.cookies[cookie.name "session"])
	t.equal(install(client, JSON).json().install.token, "***")
end)

testing.case("JSON for programs has the install and where its page is, never the token", function(t)
	local client = testing.client(provider.app())
	local answer, token = provider.token()
	testing.network({ [TOKEN] = answer })
	local response = install(client, JSON)
	t.equal(response.status, 200)
	local body = response.json()
	t.equal(body.install.source, provider.SOURCE)
	t.equal(body.location, "/installs/" .. body.install.id)
	t.equal(body.install.token, "***")
	t.lacks(response.body, token)
end)

testing.case("ending not_finished: what follows fails, and the install is saved and the browser's", function(t)
	local client, response, app = install_with(function(_, made)
		return nil, "the product said no to " .. made.name
	end)
	is_page(t, response, 500, "Connected, but not finished", "the product said no to installs/")
	t.equal(#client.cookies[cookie.name "session"], 43)
	t.equal(client:get("/installs/" .. app.installs:all()[1].id).status, 200)
	testing.settings({ PUBLIC_URL = "https://app.example" })
	client, response = install_with(function()
		return nil, "an internal reason"
	end)
	is_page(t, response, 500, "Connected, but not finished", "The install is saved.")
	t.lacks(response.body, "an internal reason")
	t.truthy(client.cookies[cookie.name "session"])
end)

-- Set-up

testing.case("ending not_set: without a client /auth/segment says which settings are missing", function(t)
	testing.settings({ CLIENT_ID = false, CLIENT_SECRET = false })
	local client = testing.client(provider.app())
	is_page(t, client:get("/auth/segment"), 500, "Not set up yet", "CLIENT_ID and CLIENT_SECRET are not set")
	is_json(t, client:get("/auth/segment", JSON), 500, "not_set")
	client = testing.client(provider.app({ client = "report" }))
	t.contains(client:get("/auth/segment").body, "REPORT_CLIENT_ID and REPORT_CLIENT_SECRET are not set")
end)

testing.case("in the demo every page says that a sandbox takes the place of Segment", function(t)
	testing.settings({ SANDBOX_URL = "http://127.0.0.1:8889" })
	local client = testing.client(provider.app())
	t.contains(client:get("/auth/segment/callback").body, "a local sandbox takes the place of Segment")
	testing.settings({})
	t.lacks(client:get("/auth/segment/callback").body, "sandbox")
end)
