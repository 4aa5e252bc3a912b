-- How a no looks: refusals, failures and faults, as pages and as JSON, in development and in production.
local failing = require "failing"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local JSON = { accept = "application/json" }
local PRODUCTION = { PUBLIC_URL = "https://app.example" }

-- The source line that the page marks.
local function failing_line(response)
	local at = response.body:find('class="failing">', 1, true)
	return at and response.body:sub(at, at + 150) or ""
end

testing.case("a status that is not a refusal's raises", function(t)
	for _, status in ipairs({ 200, 399, 600, "404", 404.5 }) do
		t.raises(function()
			partnerapp.refuse(status, "x")
		end, "status must be")
	end
end)

testing.case("HT-24 a refusal is an escaped page with the request's id", function(t)
	local response = testing.client(failing()):get("/refuse")
	t.equal(response.status, 404)
	t.contains(response.headers["content-type"], "text/html")
	t.contains(response.body, "No &lt;b&gt;such&lt;/b&gt; install.")
	t.lacks(response.body, "<b>")
	t.match(response.body, "Request <code>test%-%d+</code>")
	t.contains(response.body, "<title>Not found</title>")
	t.contains(response.body, '<html lang="en">')
end)

testing.case("HT-24 a refusal is JSON for a client that prefers JSON", function(t)
	local response = testing.client(failing()):get("/refuse", { headers = JSON })
	t.equal(response.status, 404)
	t.equal(response.json().error, "No <b>such</b> install.")
	t.match(response.json().request_id, "^test%-%d+$")
end)

testing.case("reply.failed shows its message", function(t)
	local response = testing.client(failing()):get("/failed")
	t.equal(response.status, 502)
	t.contains(response.body, "Segment does not answer.")
	t.equal(response.headers["cache-control"], "no-store")
end)

testing.case("HT-24 in production an error shows one sentence and the id, nothing of the script", function(t)
	testing.settings(PRODUCTION)
	for _, path in ipairs({ "/nil", "/raise", "/object", "/wrong", "/header" }) do
		for _, headers in ipairs({ {}, JSON }) do
			local response = testing.client(failing()):get(path, { headers = headers })
			t.equal(response.status, 500, path)
			t.match(response.body, "test%-%d+", path)
			for _, leak in ipairs({ "secret", "failing.lua", "traceback", "table: ", "set-cookie" }) do
				t.lacks(response.body, leak, path)
			end
		end
	end
end)

testing.case("HT-24 in development an error shows message, source and traceback, escaped", function(t)
	local response = testing.client(failing()):get("/raise")
	t.equal(response.status, 500)
	t.contains(response.body, "secret &lt;script&gt;alert(1)&lt;/script&gt;")
	t.lacks(response.body, "<script>")
	t.contains(failing_line(response), "error &quot;secret")
	t.contains(response.body, "stack traceback:")
	t.match(response.error, "^failing.lua:%d+: secret")
	local json = testing.client(failing()):get("/raise", { headers = JSON }).json()
	t.match(json.error, "secret")
	t.contains(json.traceback, "failing.lua")
end)

testing.case("an error deep in the library points at the app's line", function(t)
	local response = testing.client(failing()):get("/deep")
	t.contains(failing_line(response), "-- here")
end)

testing.case("a handler that returns nothing is a 500 at its line", function(t)
	local response = testing.client(failing()):get("/nothing")
	t.equal(response.status, 500)
	t.match(response.error, "^failing.lua:%d+: the handler of GET /nothing returned nothing: end it with `return reply")
	t.contains(failing_line(response), "/nothing&quot;")
end)

testing.case("a response without a body is reply.empty()", function(t)
	local app = partnerapp.new({})
	app:get("/", function()
		return reply.empty()
	end)
	app:get("/later", function()
		return reply.empty(202)
	end)
	local response = testing.client(app):get("/")
	t.equal(response.status, 204)
	t.equal(response.body, "")
	t.equal(testing.client(app):get("/later").status, 202)
end)

testing.case("a handler or a hook that returns something else than a response raises at its line", function(t)
	local hooked = 5
	local app = partnerapp.new({})
	app:before(function(req)
		return req.path == "/hook" and hooked or nil
	end)
	local returned = { number = 5, boolean = true, string = "hello", ["function"] = reply.text, table = {} }
	for name, value in pairs(returned) do
		app:get("/" .. name, function()
			return value
		end)
	end
	app:get("/hook", reply.empty)
	for name in pairs(returned) do
		local response = testing.client(app):get("/" .. name)
		local what = name == "table" and "a table without a status" or "a " .. name
		t.equal(response.status, 500)
		t.match(response.error, "refusal_test.lua:%d+: the handler of GET /" .. name .. " returned " .. what .. ": ")
	end
	local response = testing.client(app):get("/hook")
	t.match(response.error, "refusal_test.lua:%d+: this hook of app:before returned a number: ")
end)

testing.case("nil and a message is a failure", function(t)
	local response = testing.client(failing()):get("/nil")
	t.equal(response.status, 500)
	t.contains(response.body, "secret database is gone", "development shows it")
end)

testing.case("failed() shapes every refusal and keeps Allow", function(t)
	local app = failing()
	app:failed(function(req, status, message)
		return reply.json({ message = message, code = status, path = req.path }, status)
	end)
	local client = testing.client(app)
	t.same(client:get("/failed").json(), { message = "Segment does not answer.", code = 502, path = "/failed" })
	t.equal(client:get("/none").json().code, 404)
	t.equal(client:get("/raise").json().code, 500)
	t.equal(client:get("/nil").json().code, 500)
	t.equal(client:post("/failed").json().code, 405)
	t.equal(client:post("/failed").headers.allow, "GET, HEAD, OPTIONS")
end)

testing.case("failed() that fails itself leaves the default page", function(t)
	local app = failing()
	app:failed(function()
		error("again")
	end)
	local response = testing.client(app):get("/refuse")
	t.equal(response.status, 404)
	t.contains(response.body, "such")
end)

testing.case("failed() of a mounted app is for its own routes", function(t)
	local outer, inner = failing(), failing()
	inner:failed(function(_, status)
		return reply.text("inner", status)
	end)
	outer:mount("/in", inner)
	local client = testing.client(outer)
	t.equal(client:get("/in/failed").body, "inner")
	t.lacks(client:get("/failed").body, "inner")
end)
