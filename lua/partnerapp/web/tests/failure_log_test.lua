-- Every answer of 500 and above is in the log, under the id that its page shows, and once.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local function an_app()
	local app = partnerapp.new {}
	app:get("/failed", function()
		return reply.failed(502, "It does not work yet: Segment is down.", "not_yet")
	end)
	app:get("/refused", function()
		partnerapp.refuse(503, "Come back later.")
	end)
	app:get("/nil", function()
		return nil, "the API answered 500"
	end)
	app:get("/raises", function()
		error "on purpose"
	end)
	app:get("/text", function()
		return reply.text("no", 500)
	end)
	app:get("/view", function()
		return reply.json({}, 599)
	end)
	app:get("/fine", function()
		return reply.failed(404, "There is no such thing.")
	end)
	return app
end

-- The lines at error of a request: message, error, status.
local function errors_of(path)
	local before = #testing.log()
	local response = testing.client(an_app()):get(path)
	local list = {}
	for i = before + 1, #testing.log() do
		local line = testing.log()[i]
		if line.level == "error" then
			list[#list + 1] = line
		end
	end
	return list, response
end

testing.case("LG-03 each answer of 500 and above is logged once, with its reason", function(t)
	for _, url in ipairs { "http://localhost:8888", "https://app.example" } do
		testing.settings { PUBLIC_URL = url }
		for path, wanted in pairs {
			["/failed"] = { "a request failed", "It does not work yet: Segment is down." },
			["/refused"] = { "a request failed", "Come back later." },
			["/nil"] = { "a handler failed", "the API answered 500" },
			["/raises"] = { "a script failed", "on purpose" },
			["/text"] = { "a request failed" },
			["/view"] = { "a request failed" },
		} do
			local list, response = errors_of(path)
			t.truthy(response.status >= 500)
			t.equal(#list, 1, path)
			t.equal(list[1].message, wanted[1])
			t.contains(tostring(list[1].fields.error), wanted[2] or "nil")
			t.equal(list[1].fields.status or 500, response.status)
			t.equal(list[1].fields.route, "GET " .. path)
		end
		t.equal(#errors_of "/fine", 0)
	end
end)

testing.case("an app that logged the reason itself says so", function(t)
	local app = partnerapp.new {}
	app:get("/", function()
		local response = reply.text("down", 503)
		response.logged = true
		return response
	end)
	local before = #testing.log()
	t.equal(testing.client(app):get("/").status, 503)
	t.equal(#testing.log(), before)
end)
