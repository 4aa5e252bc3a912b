-- Names of headers in any case: of requests, of responses, and of answers to calls out.
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

testing.case("a header that a handler writes takes the place of the one of that name", function(t)
	for name, made in pairs {
		text = reply.text "x",
		html = reply.html "x",
		json = reply.json {},
		view = reply.view("part", { name = "x" }),
		file = reply.file "static/data.json",
	} do
		made.headers["Content-Type"] = "text/css"
		made.headers["Cache-Control"] = "max-age=5"
		made.headers["X-Own"] = "1"
		t.equal(made.headers["CONTENT-TYPE"], "text/css", name)
		local names = {}
		for key, value in pairs(made.headers) do
			names[#names + 1] = key .. "=" .. value
		end
		local text = table.concat(names, " ")
		t.lacks(text, "Content-Type", name)
		t.contains(text, "content-type=text/css", name)
		t.contains(text, "cache-control=max-age=5", name)
		t.contains(text, "x-own=1", name)
		made.headers["Content-Type"] = nil
		t.equal(made.headers["content-type"], nil, name)
	end
	local empty = reply.empty()
	empty.headers["Set-Cookie"] = { "a=1", "b=2" }
	t.equal(#empty.headers["set-cookie"], 2)
end)

testing.case("a request and an answer have a header in any case", function(t)
	local app = partnerapp.new {}
	app:get("/", function(req)
		local answer = assert(http.get "https://api.example/")
		return reply.json {
			req:header "User-Agent",
			req.headers["User-Agent"],
			req.headers["user-agent"],
			answer.headers["X-Limit"],
			tostring(req:header "X-Absent"),
			tostring(req.headers["X-Absent"]),
		}
	end)
	testing.network { ["GET https://api.example/"] = { headers = { ["X-Limit"] = "7" } } }
	local answer = testing.client(app):get("/", { headers = { ["User-Agent"] = "me" } })
	t.same(answer.json(), json.array { "me", "me", "me", "7", "nil", "nil" })
	t.equal(answer.headers["Content-Type"], "application/json")
end)

testing.case("a hook of after writes headers in any case, whoever made the response", function(t)
	local app = partnerapp.new {}
	local seen = {}
	app:get("/own", function()
		return { status = 200, headers = { ["Cache-Control"] = "no-store" }, body = "x" }
	end)
	app:get("/none", function()
		return { status = 200, body = "x" }
	end)
	app:after(function(_, response)
		response.headers["Cache-Control"] = "private"
		for name in pairs(response.headers) do
			seen[name] = true
		end
	end)
	for _, path in ipairs { "/own", "/none", "/absent" } do
		local answer = testing.client(app):get(path, { headers = { accept = "text/plain" } })
		t.equal(answer.headers["cache-control"], "private", path)
	end
	t.equal(seen["Cache-Control"], nil)
end)
