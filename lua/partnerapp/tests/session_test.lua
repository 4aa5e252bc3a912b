-- Cookies (HT-01), sessions (OA-24) and forms that carry their token (HT-04).
local cookie = require "partnerapp.web.cookie"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local session = require "partnerapp.session"
local testing = require "partnerapp.testing"

local HTTPS = { PUBLIC_URL = "https://app.example" }

local function sample()
	local app = partnerapp.new({})
	app:get("/in", function(req)
		local response = reply.redirect("/who")
		assert(session.start(req, response, { name = req.query.name }))
		return response
	end)
	app:get("/who", function(req)
		return reply.json({ id = req.session and req.session.id or false, data = req.session and req.session.data })
	end)
	app:get("/form", function(req)
		return reply.html('<form method="post" action="/change">' .. req:csrf_field() .. '<input name="to"></form>')
	end)
	app:post("/change", function(req)
		return reply.text("changed to " .. tostring(req.form.to))
	end)
	app:post("/api", function(req)
		return reply.json({ got = req.json })
	end)
	app:post("/hook", function()
		return reply.text("taken")
	end, { csrf = false })
	app:post("/login", function()
		return reply.text("in")
	end, { begins_session = true })
	app:post("/save", function(req)
		req.session.data.seen = 1
		assert(session.save(req))
		return reply.text("saved")
	end, { csrf = false })
	app:get("/out", function(req)
		local response = reply.text("bye")
		assert(session.finish(req, response))
		return response
	end)
	return app
end

testing.case("HT-01 cookies refuse names, values and options that cannot be sent", function(t)
	for _, name in ipairs({ "", "a b", "a=b", "a;b", "a\r\n", "é", 5 }) do
		t.raises(function()
			cookie.set(reply.text(""), name, "x")
		end, "name", tostring(name))
	end
	for _, value in ipairs({ "a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nset-cookie: x=y", "é", 5 }) do
		t.raises(function()
			cookie.set(reply.text(""), "a", value)
		end, "encode it", tostring(value))
	end
	for option, value in pairs({ domain = "x", same_site = "None", max_age = 1.5, http_only = false }) do
		t.raises(function()
			cookie.set(reply.text(""), "a", "x", { [option] = value })
		end, nil, option)
	end
end)

testing.case("HT-01 a cookie is HttpOnly, SameSite=Lax, Path=/", function(t)
	local response = cookie.set(reply.text(""), "a", "x", { max_age = 60 })
	t.same(response.headers["set-cookie"], { "partnerapp_8888_a=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60" })
	cookie.clear(response, "b")
	t.equal(response.headers["set-cookie"][2], "partnerapp_8888_b=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
end)

testing.case("HT-01 with https a cookie is Secure and __Host-", function(t)
	testing.settings(HTTPS)
	local response = cookie.set(reply.text(""), "a", "x")
	t.same(response.headers["set-cookie"], { "__Host-partnerapp_443_a=x; Path=/; HttpOnly; SameSite=Lax; Secure" })
	local client = testing.client(sample())
	client:get("/in?name=A")
	local name = "__Host-partnerapp_443_session"
	t.truthy(client.cookies[name])
	t.equal(client:get("/who").json().data.name, "A")
	client.cookies[name:gsub("^__Host%-", "")], client.cookies[name] = client.cookies[name], nil
	t.equal(client:get("/who").json().id, false, "a cookie without the prefix is another host's")
end)

testing.case("changing one response's headers leaves the next alone", function(t)
	local one = cookie.set(reply.text("1"), "a", "x")
	one.headers["content-type"] = "text/x"
	t.same(reply.text("2").headers, { ["content-type"] = "text/plain; charset=utf-8" })
end)

testing.case("OA-24 a made-up session id is not a session", function(t)
	local client = testing.client(sample())
	for _, id in ipairs({ "", "x", ("A"):rep(43), ("A"):rep(44), "' OR 1=1 --", ("é"):rep(21) .. "x" }) do
		client.cookies[cookie.name "session"] = id
		t.equal(client:get("/who").json().id, false, id)
	end
end)

testing.case("OA-24 a new session has a new id, keeps what was known, and the old id is dead", function(t)
	local client, thief = testing.client(sample()), testing.client(sample())
	client:get("/in?name=A")
	local first = client:get("/who").json()
	thief.cookies[cookie.name "session"] = client.cookies[cookie.name "session"]
	t.equal(thief:get("/who").json().id, first.id)
	client:get("/in")
	local second = client:get("/who").json()
	t.truthy(second.id ~= first.id)
	t.equal(second.data.name, "A")
	t.equal(thief:get("/who").json().id, false)
end)

testing.case("OA-24 the stored id is a hash, not what the cookie holds", function(t)
	local client = testing.client(sample())
	client:get("/in")
	local id = client:get("/who").json().id
	t.match(id, "^%x+$")
	t.equal(#id, 64)
	t.lacks(id, client.cookies[cookie.name "session"])
end)

testing.case("a session ends after 30 days, and when it is finished", function(t)
	local client = testing.client(sample())
	client:get("/in")
	testing.clock.advance(30 * 24 * 3600 - 10)
	t.truthy(client:get("/who").json().id)
	testing.clock.advance(20)
	t.falsy(client:get("/who").json().id)
	client:get("/in")
	local kept = client.cookies[cookie.name "session"]
	client:get("/out")
	t.equal(client.cookies[cookie.name "session"], nil)
	client.cookies[cookie.name "session"] = kept
	t.falsy(client:get("/who").json().id)
end)

testing.case("what is changed and saved is there the next time", function(t)
	local client = testing.client(sample())
	client:get("/in?name=A")
	client:post("/save")
	t.same(client:get("/who").json().data, { name = "A", seen = 1 })
end)

testing.case("HT-04 a request from another site changes nothing", function(t)
	local client = testing.client(sample())
	local refused = {
		{ ["sec-fetch-site"] = "cross-site" },
		{ ["sec-fetch-site"] = "same-site" },
		{ ["sec-fetch-site"] = "nonsense" },
		{ ["sec-fetch-site"] = "cross-site", origin = "http://localhost:8888" },
		{ origin = "https://evil.example" },
		{ origin = "null" },
		{ origin = "http://localhost:9999" },
		{ origin = "http://localhost:8888.evil.example" },
		{ origin = "http://evil.example/http://localhost:8888" },
		{ origin = "" },
	}
	for i, headers in ipairs(refused) do
		for _, method in ipairs({ "POST" }) do
			t.equal(
				client:request(method, "/change", { form = { to = "x" }, headers = headers }).status,
				403,
				tostring(i)
			)
			t.equal(client:request(method, "/api", { json = {}, headers = headers }).status, 403, tostring(i))
		end
	end
end)

testing.case("HT-04 requests of the own pages and of programs pass", function(t)
	local client = testing.client(sample())
	local passed = {
		{},
		{ ["sec-fetch-site"] = "same-origin" },
		{ ["sec-fetch-site"] = "none" },
		{ ["sec-fetch-site"] = "same-origin", origin = "null" },
		{ origin = "http://localhost:8888" },
		{ origin = "HTTP://LOCALHOST:8888" },
		{ origin = "http://127.0.0.1:8888", host = "127.0.0.1:8888" },
	}
	for i, headers in ipairs(passed) do
		t.equal(client:post("/change", { form = { to = "x" }, headers = headers }).status, 200, tostring(i))
	end
end)

testing.case("HT-04 with https an origin without TLS is another site", function(t)
	testing.settings(HTTPS)
	local client = testing.client(sample())
	t.equal(client:post("/api", { json = {}, headers = { origin = "http://app.example" } }).status, 403)
	t.equal(client:post("/api", { json = {}, headers = { origin = "https://app.example" } }).status, 200)
end)

testing.case("HT-04 with a session a form needs its token", function(t)
	local client = testing.client(sample())
	client:get("/in")
	t.equal(client:post("/change", { form = { to = "x" } }).status, 403)
	t.equal(client:post("/change", { form = { to = "x", csrf = "" } }).status, 403)
	t.equal(client:post("/change", { form = { to = "x", csrf = ("A"):rep(43) } }).status, 403)
	t.equal(client:post("/change").status, 403)
	t.equal(client:post("/change", { body = "to=x", headers = { ["content-type"] = "text/plain" } }).status, 403)
	local response = client:submit(client:get("/form"), { to = "x" })
	t.equal(response.status, 200)
	t.equal(response.body, "changed to x")
	t.equal(client:post("/api", { json = { 1 } }).status, 200, "no form of another site can send JSON")
end)

testing.case("HT-04 a form that begins a session needs no token of one, but has to come from here", function(t)
	local client = testing.client(sample())
	client:get("/in")
	local options = { form = { user = "x" }, headers = { ["sec-fetch-site"] = "cross-site" } }
	t.equal(client:post("/login", options).status, 403)
	options.headers = { origin = "https://evil.example" }
	t.equal(client:post("/login", options).status, 403)
	options.headers = { ["sec-fetch-site"] = "same-origin" }
	t.equal(client:post("/login", options).status, 200)
end)

testing.case("HT-04 the token of another session does not do", function(t)
	local client, other = testing.client(sample()), testing.client(sample())
	client:get("/in")
	other:get("/in")
	t.equal(client:submit(other:get("/form")).status, 403)
end)

testing.case("HT-04 a token in a header does as well", function(t)
	local client = testing.client(sample())
	client:get("/in")
	local token = client:get("/form").body:match('name="csrf" value="([^"]+)"')
	t.equal(client:post("/change", { form = { to = "x" }, headers = { ["x-csrf-token"] = token } }).status, 200)
	t.equal(client:post("/change", { form = { to = "x" }, headers = { ["x-csrf-token"] = "x" } }).status, 403)
end)

testing.case("HT-04 a route without the check is the only exception", function(t)
	local headers = { ["sec-fetch-site"] = "cross-site", origin = "https://evil.example" }
	t.equal(testing.client(sample()):post("/hook", { headers = headers }).status, 200)
end)

testing.case("HT-22 other origins are answered only when listed, never with credentials", function(t)
	local function api(options)
		local app = partnerapp.new(options)
		app:post("/api", function()
			return reply.text("taken")
		end)
		return testing.client(app)
	end
	local origin = "https://page.example"
	local headers = { origin = origin, ["sec-fetch-site"] = "cross-site" }
	local response = api({}):post("/api", { json = {}, headers = headers })
	t.equal(response.status, 403)
	t.equal(response.headers["access-control-allow-origin"], nil)
	local client = api({ cors = { origin } })
	response = client:post("/api", { json = {}, headers = headers })
	t.equal(response.status, 200)
	t.equal(response.headers["access-control-allow-origin"], origin)
	t.equal(response.headers["access-control-allow-credentials"], nil)
	t.equal(response.headers.vary, "Origin")
	headers["access-control-request-method"] = "POST"
	response = client:options("/api", { headers = headers })
	t.equal(response.status, 204)
	t.equal(response.headers["access-control-allow-methods"], "OPTIONS, POST")
	for _, other in ipairs {
		"https://evil.example",
		"https://page.example.evil.example",
		"https://evil.example/https://page.example",
		"https://page.example:8443",
		"http://page.example",
		"https://PAGE.example",
		"null",
	} do
		headers.origin = other
		response = client:post("/api", { json = {}, headers = headers })
		t.equal(response.status, 403, other)
		t.equal(response.headers["access-control-allow-origin"], nil, other)
	end
end)
