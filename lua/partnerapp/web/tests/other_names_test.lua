-- TO-06: localhost, 127.0.0.1 and [::1] are one machine, but to browsers three hosts, each with cookies of its own. A
-- visit under another one than PUBLIC_URL's is led there, before a flow or a session begins that could never be found.
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

-- PUBLIC_URL, and the Host of a visit that is led there.
local LED = {
	{ "http://localhost:8888", "127.0.0.1:8888" },
	{ "http://localhost:8888", "[::1]:8888" },
	{ "http://127.0.0.1:8888", "localhost:8888" },
	{ "http://127.0.0.1:8888", "LocalHost:8888" },
	{ "http://127.0.0.1:8888", "[::1]:8888" },
	{ "http://[::1]:8888", "localhost:8888" },
	{ "http://[::1]:8888", "127.0.0.1:8888" },
	{ "http://app.localhost:8888", "localhost:8888" },
	{ "http://localhost", "127.0.0.1" },
	{ "http://localhost", "127.0.0.1:80" },
	{ "https://localhost:8443", "127.0.0.1:8443" },
}

-- PUBLIC_URL, Host and other headers of visits that stay where they are.
local STAY = {
	{ "http://localhost:8888", "localhost:8888", "the same name" },
	{ "http://localhost:8888", "LOCALHOST:8888", "the same name in capitals" },
	{ "http://[::1]:8888", "[::1]:8888", "the same address" },
	{ "http://localhost:5173", "127.0.0.1:8888", "a dev server that forwards with a Host of its own" },
	{ "http://localhost:8888", "127.0.0.1:8889", "another port" },
	{ "http://localhost:8888", "127.0.0.1", "without the port" },
	{ "http://localhost:8888", "127.0.0.1:8888", "behind a proxy", { ["x-forwarded-for"] = "192.0.2.1" } },
	{ "https://app.example", "127.0.0.1:8888", "nginx's proxy_pass without proxy_set_header" },
	{ "https://app.example", "localhost", "a proxy with a Host of its own" },
}

local function sample()
	local app = provider.app()
	app:get("/page", function(req)
		return reply.text(req.host or "no host")
	end)
	app:post("/page", function()
		return reply.text "taken"
	end)
	return app
end

local function visit(client, target, host, more, accept)
	local headers = { host = host, accept = accept or HTML }
	for name, value in pairs(more or {}) do
		headers[name] = value
	end
	return client:get(target, { headers = headers })
end

testing.case("TO-06 a page under another loopback name is led to PUBLIC_URL, with its query", function(t)
	for _, case in ipairs(LED) do
		testing.settings { PUBLIC_URL = case[1] }
		local what = case[2] .. " for " .. case[1]
		local response = visit(testing.client(sample()), "/page?a=%20b&c=/", case[2])
		t.equal(response.status, 302, what)
		t.equal(response.headers.location, case[1] .. "/page?a=%20b&c=/", what)
		t.equal(response.headers["cache-control"], "no-store", what)
	end
end)

testing.case("TO-06 a flow under another loopback name is led to PUBLIC_URL before its cookie is set", function(t)
	for _, case in ipairs(LED) do
		for _, accept in ipairs { HTML, "application/json", "*/*" } do
			testing.settings { PUBLIC_URL = case[1] }
			local what = case[2] .. " for " .. case[1]
			local client = testing.client(sample())
			local response = visit(client, "/auth/segment", case[2], nil, accept)
			t.equal(response.status, 302, what)
			t.equal(response.headers.location, case[1] .. "/auth/segment", what)
			t.equal(response.headers["set-cookie"], nil, what)
			local began = client:follow(response)
			t.contains(began.headers.location, "https://id.segmentapis.com/oauth2/auth?", what)
		end
	end
end)

testing.case("TO-06 OA-02 a callback under another loopback name is led to PUBLIC_URL and consumes nothing", function(t)
	for _, case in ipairs(LED) do
		testing.settings { PUBLIC_URL = case[1] }
		local what = case[2] .. " for " .. case[1]
		local client = testing.client(sample())
		local state = provider.begin(client)
		testing.network { [provider.TOKEN] = provider.token() }
		local led = visit(client, "/auth/segment/callback?code=x&state=" .. state, case[2])
		t.equal(led.status, 302, what)
		t.equal(led.headers.location, case[1] .. "/auth/segment/callback?code=x&state=" .. state, what)
		t.equal(client:follow(led).status, 303, what)
	end
end)

testing.case("TO-06 a visit stays where it is when its name is right, or a proxy may have written it", function(t)
	for _, case in ipairs(STAY) do
		testing.settings { PUBLIC_URL = case[1] }
		t.equal(visit(testing.client(sample()), "/page", case[2], case[4]).status, 200, case[3])
	end
end)

testing.case("TO-06 only pages are led: no form, program, HEAD, probe or file", function(t)
	local client = testing.client(sample())
	local there = { host = "127.0.0.1:8888", accept = HTML }
	t.equal(client:post("/page", { headers = there, body = "x" }).status, 200)
	t.equal(client:head("/page", { headers = there }).status, 200)
	t.equal(client:get("/readyz", { headers = there }).status, 200)
	for _, accept in ipairs { "application/json", "*/*", "application/json, text/html;q=0.5", "text/css" } do
		t.equal(visit(client, "/page", "127.0.0.1:8888", nil, accept).status, 200, accept)
	end
	t.equal(client:get("/page", { headers = { host = "127.0.0.1:8888" } }).status, 200)
	t.equal(client:get("/static/partnerapp/partnerapp.css", { headers = there }).status, 200)
end)

-- A tunnel's PUBLIC_URL: the developer opens the app under localhost, where no callback will arrive. A proxy in front
-- of a real PUBLIC_URL can send the same Host with each request: the visit must not be led in circles.
testing.case("TO-06 a flow at localhost with another PUBLIC_URL is led there, once", function(t)
	testing.settings { PUBLIC_URL = "https://abc.ngrok.app" }
	for _, host in ipairs { "localhost:8888", "127.0.0.1:8888", "[::1]:8888", "localhost" } do
		local client = testing.client(sample())
		local led = visit(client, "/auth/segment", host)
		t.equal(led.headers.location, "https://abc.ngrok.app/auth/segment?led=1", host)
		t.equal(led.headers["set-cookie"], nil, host)
		t.contains(client:follow(led).headers.location, "https://id.segmentapis.com/oauth2/auth?", host)
		local began = visit(client, "/auth/segment?led=1", host)
		t.contains(began.headers.location, "https://id.segmentapis.com/oauth2/auth?", host)
		t.equal(
			visit(client, "/auth/segment?a=b", host).headers.location,
			"https://abc.ngrok.app/auth/segment?a=b&led=1"
		)
		local proxied = visit(client, "/auth/segment", host, { ["x-forwarded-for"] = "192.0.2.1" })
		t.contains(proxied.headers.location, "https://id.segmentapis.com/oauth2/auth?", host)
	end
end)

testing.case("TO-06 a target that is not ASCII can be sent as a header", function(t)
	local response = visit(testing.client(sample()), "/page?a=é", "127.0.0.1:8888")
	t.equal(response.headers.location, "http://localhost:8888/page?a=%C3%A9")
	local app = partnerapp.new {}
	app:get("/", function()
		return reply.text "start"
	end)
	t.equal(visit(testing.client(app), "/", "127.0.0.1:8888").headers.location, "http://localhost:8888/")
end)
