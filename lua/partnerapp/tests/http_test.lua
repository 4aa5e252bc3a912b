-- Calls out, through the network that tests put in place, and the tests' own tools.
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

testing.case("unknown options raise", function(t)
	for name, call in pairs({
		get = function()
			local response = http.get("https://api.example/x", { header = {} })
			return response
		end,
		post = function()
			return (http.post("https://api.example/x", { header = {} }))
		end,
		request = function()
			return (http.request("https://api.example/x", { header = {} }))
		end,
		all = function()
			return (http.all({ { url = "https://api.example/x", header = {} } }))
		end,
	}) do
		local err = t.raises(call, "unknown option 'header'", name)
		t.match(err, "^partnerapp/tests/http_test.lua:%d+: ", name)
	end
end)

testing.case("false is not taken for an absent option", function(t)
	local url = "https://api.example/x"
	for name, options in pairs { headers = { headers = false }, form = { form = false } } do
		local err = t.raises(function()
			return (http.post(url, options))
		end, "option '" .. name .. "' must be a table, got false")
		t.match(err, "^partnerapp/tests/http_test.lua:%d+: ", name)
		t.raises(function()
			options.url = url
			return (http.all { options })
		end, "option '" .. name .. "' must be a table, got false")
	end
	t.raises(function()
		return (http.get(url, false))
	end, "the options must be a table, got false")
	t.raises(function()
		return (partnerapp.new(false))
	end, "options must be a table, not a boolean")
	t.raises(function()
		return (partnerapp.new({}):every(60, "a", function() end, false))
	end, "options must be a table, not a boolean")
end)

testing.case("a call leaves its options as they were", function(t)
	local network = testing.network({ ["POST https://api.example/x"] = { status = 204 } })
	local options = { json = { a = 1 }, headers = { ["X-A"] = "1" }, url = "https://other.example/" }
	t.equal(http.post("https://api.example/x", options).status, 204)
	t.equal(network.calls[1].url, "https://api.example/x")
	t.same(options, { json = { a = 1 }, headers = { ["X-A"] = "1" }, url = "https://other.example/" })
end)

testing.case("what JSON cannot hold fails before anything is sent", function(t)
	local network = testing.network({})
	local response, message, code = http.post("https://api.example/x", { json = { f = print } })
	t.equal(response, nil)
	t.equal(code, "bad_value")
	t.truthy(message)
	t.equal(#network.calls, 0)
end)

testing.case("failures are nil, message, code", function(t)
	testing.network({
		["GET https://api.example/slow"] = function()
			return nil, "took too long", "timeout"
		end,
	})
	local response, message, code = http.get("https://api.example/slow")
	t.equal(response, nil)
	t.equal(message, "took too long")
	t.equal(code, "timeout")
end)

testing.case("a body that is not JSON is nil, message, code", function(t)
	testing.network({ ["GET https://api.example/html"] = { status = 502, body = "<html>" } })
	local response = t.truthy(http.get("https://api.example/html"))
	t.equal(response.status, 502)
	local value, message, code = response.json()
	t.equal(value, nil)
	t.truthy(message)
	t.equal(code, "bad_json")
end)

testing.case("json and form become bodies with their types", function(t)
	local network = testing.network({
		["POST https://api.example/json"] = function(request)
			return { json = { got = request.json } }
		end,
		["POST https://api.example/form"] = function(request)
			return { body = request.form.a .. request.form.b }
		end,
		["PUT https://api.example/json"] = { status = 204 },
	})
	t.same(http.post("https://api.example/json", { json = { a = 1 } }).json(), { got = { a = 1 } })
	t.equal(network.calls[1].headers["content-type"], "application/json")
	t.equal(network.calls[1].headers.accept, "application/json")
	t.equal(http.post("https://api.example/form", { form = { a = "1 &", b = "2" } }).body, "1 &2")
	local options = { method = "PUT", json = {}, headers = { ["Content-Type"] = "application/vnd.x+json" } }
	t.equal(http.request("https://api.example/json", options).status, 204)
	t.equal(network.calls[3].headers["content-type"], nil, "a header that was given stays alone")
	t.same(options, { method = "PUT", json = {}, headers = { ["Content-Type"] = "application/vnd.x+json" } })
end)

testing.case("all answers in order, failures among them", function(t)
	testing.network({
		["GET https://api.example/a"] = { body = "a" },
		["GET https://api.example/b"] = function()
			return nil, "refused", "connect"
		end,
	})
	local answers = http.all({
		{ url = "https://api.example/a" },
		{ url = "https://api.example/b" },
		{ url = "https://api.example/c", json = { f = print } },
		{ url = "https://api.example/a?x=1" },
	})
	t.equal(answers[1].body, "a")
	t.equal(answers[2].code, "connect")
	t.equal(answers[3].code, "bad_value")
	t.equal(answers[4].body, "a")
end)

testing.case("SS-03 without a network in place a private address is refused", function(t)
	local response, _, code = http.get("http://127.0.0.1:1/")
	t.equal(response, nil)
	t.equal(code, "denied")
end)

testing.case("a case's network ends with the case", function(t)
	local response = http.get("http://127.0.0.1:1/a")
	t.equal(response, nil)
end)

testing.case("the clock moves forward and is put back after the case", function(t)
	local before = testing.clock.now()
	testing.clock.advance(3600)
	t.truthy(testing.clock.now() >= before + 3600)
end)

testing.case("a check's message has what it got", function(t)
	local function raised(fn)
		return tostring(t.raises(fn))
	end
	t.contains(
		raised(function()
			t.equal(1, 2, "note")
		end),
		"note: got 1, wanted 2"
	)
	t.contains(
		raised(function()
			t.equal(1, 1.0)
		end),
		"got 1, wanted 1.0"
	)
	t.contains(
		raised(function()
			t.same({ a = { 1 } }, { a = { 2 } })
		end),
		"got { a = { 1 } }, wanted { a = { 2 } }"
	)
	t.contains(
		raised(function()
			t.match(nil, "x")
		end),
		"got nil"
	)
	t.contains(
		raised(function()
			t.raises(function() end)
		end),
		"nothing was raised"
	)
	t.contains(
		raised(function()
			t.truthy(false)
		end),
		"got false"
	)
	t.contains(
		raised(function()
			t.falsy("x")
		end),
		'got "x"'
	)
	t.same({ a = { b = 1 } }, { a = { b = 1 } })
end)

testing.case("the client follows redirects and keeps cookies", function(t)
	local app = partnerapp.new({})
	app:get("/a", function()
		return require("partnerapp.web.cookie").set(reply.redirect("/b?x=1"), "kept", "yes")
	end)
	app:get("/b", function(req)
		return reply.text(req.cookies.partnerapp_8888_kept .. req.query.x)
	end)
	local client = testing.client(app)
	local response = client:get("/a")
	t.equal(response.status, 303)
	t.equal(response.headers["cache-control"], "no-store", "HT-07")
	t.equal(client:follow(response).body, "yes1")
	t.equal(testing.client(app):get("/b").status, 500, "another client has no cookies")
end)
