-- TO-06: what asks ahead of a visit consumes nothing: HEAD, and what browsers load before a visitor follows a link. The
-- visit after it is the first one.
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local AHEAD = {
	{ "HEAD of link checkers and chats", "HEAD" },
	{ "HEAD with Accept", "HEAD", { accept = "text/html" } },
	{ "HEAD of a program", "HEAD", { accept = "application/json" } },
	{ "Chrome's prefetch (Speculation Rules)", "GET", { ["sec-purpose"] = "prefetch" } },
	{ "Chrome's prerender", "GET", { ["sec-purpose"] = "prefetch;prerender" } },
	{ "Chrome's private prefetch proxy", "GET", { ["sec-purpose"] = "prefetch;anonymous-client-ip" } },
	{ "a structured header with space", "GET", { ["sec-purpose"] = "prefetch; prerender" } },
	{ "Chrome until 2023", "GET", { purpose = "prefetch" } },
	{ "Chrome today sends both", "GET", { purpose = "prefetch", ["sec-purpose"] = "prefetch;prerender" } },
	{ "Firefox's link prefetch", "GET", { ["x-moz"] = "prefetch" } },
	{ "Firefox today", "GET", { ["sec-purpose"] = "prefetch", ["sec-fetch-dest"] = "empty" } },
	{ "Safari's Top Sites", "GET", { ["x-purpose"] = "preview" } },
	{ "Safari's preview of a link", "GET", { purpose = "preview" } },
	{ "capitals", "GET", { purpose = "Prefetch" } },
	{ "a proxy's prefetch", "GET", { ["x-purpose"] = "prefetch" } },
}

local VISITS = {
	{ "a plain GET", {} },
	{
		"a browser's",
		{ ["sec-fetch-mode"] = "navigate", ["sec-fetch-dest"] = "document", ["sec-fetch-site"] = "cross-site" },
	},
	{ "another purpose", { purpose = "navigation" } },
	{ "an empty purpose", { ["sec-purpose"] = "" } },
	{ "another program's header", { ["x-purpose"] = "billing" } },
	{ "a body's name in another header", { ["x-requested-with"] = "prefetch" } },
}

local function check_ahead(t, response, what)
	t.equal(response.status, response.body == "" and 204 or 503, what)
	t.equal(response.headers["cache-control"], "no-store", what)
	t.equal(response.headers["set-cookie"], nil, what)
	t.equal(response.headers.location, nil, what)
end

testing.case("TO-06 the beginning of a flow does nothing for what asks ahead", function(t)
	for _, case in ipairs(AHEAD) do
		local client = testing.client(provider.app())
		local lines = #testing.log()
		check_ahead(t, client:request(case[2], "/auth/segment", { headers = case[3] }), case[1])
		t.equal(#testing.log(), lines, case[1])
		t.equal(client:get("/auth/segment").status, 302, case[1])
	end
end)

testing.case("TO-06 OA-02 a callback consumes neither state nor code for what asks ahead", function(t)
	for _, case in ipairs(AHEAD) do
		local app, seen = provider.app()
		local client = testing.client(app)
		local state = provider.begin(client)
		local network = testing.network { [provider.TOKEN] = provider.token() }
		local target = "/auth/segment/callback?code=x&state=" .. state
		check_ahead(t, client:request(case[2], target, { headers = case[3] }), case[1])
		t.equal(#network.calls + #seen, 0, case[1])
		t.equal(client:get(target).status, 303, case[1])
		t.equal(#seen, 1, case[1])
		t.equal(client:request(case[2], target, { headers = case[3] }).headers["cache-control"], "no-store", case[1])
	end
end)

testing.case("TO-06 visits are no prefetch", function(t)
	for _, case in ipairs(VISITS) do
		local client = testing.client(provider.app())
		local state, _, response = provider.begin(client, nil, { headers = case[2] })
		t.equal(response.status, 302, case[1])
		testing.network { [provider.TOKEN] = provider.token() }
		t.equal(provider.callback(client, { state = state, code = "x" }, { headers = case[2] }).status, 303, case[1])
	end
end)

testing.case("TO-06 an app's handlers can ask for it", function(t)
	local app = partnerapp.new {}
	app:get("/ahead", function(req)
		return reply.json { req:is_prefetch() }
	end)
	app:get("/header", function(req)
		return { status = 200, headers = { ["x-ahead"] = tostring(req:is_prefetch()) } }
	end)
	local client = testing.client(app)
	t.same(client:get("/ahead").json(), { false })
	t.same(client:get("/ahead", { headers = { ["sec-purpose"] = "prefetch" } }).json(), { true })
	t.equal(client:head("/header").headers["x-ahead"], "true")
end)
