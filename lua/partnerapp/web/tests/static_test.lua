-- Static files: what is not served, and how what is served may be kept.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local static = require "partnerapp.web.static"
local testing = require "partnerapp.testing"

local OUTSIDE = {
	"/static/",
	"/static",
	"/static/..",
	"/static/../init.lua",
	"/static/..%2finit.lua",
	"/static/%2e%2e/init.lua",
	"/static/..%5cinit.lua",
	"/static/..\\init.lua",
	"/static/%2e%2e%2f%2e%2e%2fetc/passwd",
	"/static//etc/passwd",
	"/static//own.css",
	"/static/./own.css",
	"/static/own.css/",
	"/static/own.css%00.png",
	"/static/own.css%00",
	"/static/OWN.CSS",
	"/static/init.lua",
	"/static/../views/part.html",
	"/static/tests",
	"/static/%252e%252e/init.lua",
	"/static/c:/own.css",
	"/static/.../own.css",
	"/static/none.css",
}

for _, path in ipairs(OUTSIDE) do
	testing.case("HT-10 " .. path .. " is not served", function(t)
		t.equal(testing.client():get(path).status, 404)
	end)
end

testing.case("static files carry type and ETag, and 304 when known", function(t)
	local client = testing.client()
	local response = client:get("/static/own.css")
	t.equal(response.status, 200)
	t.equal(response.body, "body { color: teal }\n")
	t.equal(response.headers["content-type"], "text/css; charset=utf-8")
	t.equal(response.headers["cache-control"], "no-cache")
	local etag = response.headers.etag
	t.match(etag, '^"[%w_-]+"$')
	for _, known in ipairs({ etag, "W/" .. etag, '"other", ' .. etag, "*" }) do
		local again = client:get("/static/own.css", { headers = { ["if-none-match"] = known } })
		t.equal(again.status, 304, known)
		t.equal(again.body, "")
	end
	t.equal(client:get("/static/own.css", { headers = { ["if-none-match"] = '"other"' } }).status, 200)
	t.equal(
		client:get("/static/own.css?v=" .. etag:sub(2, -2)).headers["cache-control"],
		"public, max-age=31536000, immutable"
	)
	t.equal(client:get("/static/own.css?v=old").headers["cache-control"], "no-cache")
	t.equal(client:head("/static/own.css").status, 200)
end)

testing.case("HT-20 static files take GET only", function(t)
	local response = testing.client():post("/static/own.css")
	t.equal(response.status, 405)
	t.equal(response.headers.allow, "GET, HEAD, OPTIONS")
end)

testing.case("the library's files are there unless the app has its own", function(t)
	t.contains(testing.client():get("/static/partnerapp.css").body, "prefers-color-scheme")
end)

testing.case("a name of a room is a file of that room only", function(t)
	local client = testing.client()
	for _, path in ipairs({
		"/static/partnerapp/own.css",
		"/static/partnerapp/none.css",
		"/static/partnerapp/",
		"/static/partnerapp",
		"/static/partnerapp//partnerapp.css",
		"/static/partnerapp/../own.css",
		"/static/partnerapp/partnerapp/partnerapp.css",
		"/static/dashboard/partnerapp.css",
	}) do
		t.equal(client:get(path).status, 404, path)
	end
	local response = client:get("/static/partnerapp/partnerapp.css")
	t.equal(response.status, 200)
	t.contains(response.body, "prefers-color-scheme", "static/partnerapp/partnerapp.css of the app is not it")
	local address = static.address("partnerapp/partnerapp.css")
	t.match(address, "^/static/partnerapp/partnerapp%.css%?v=[%w_-]+$")
	t.contains(client:get(address).headers["cache-control"], "immutable")
	t.raises(function()
		static.address("partnerapp/own.css")
	end, "there is no static file 'partnerapp/own.css'")
end)

testing.case("reply.file sends a file of the app, never a script or what is not there", function(t)
	t.equal(reply.file("static/data.json").headers["content-type"], "application/json")
	for _, path in ipairs({ "init.lua", "none.txt", "../lua/init.lua", "/etc/passwd", "tests/static_test.lua", "" }) do
		t.raises(function()
			reply.file(path)
		end, "there is no file", path)
	end
end)

testing.case("an app's route below /static comes first", function(t)
	local app = partnerapp.new({})
	app:get("/static/made.css", function()
		return reply.text("made")
	end)
	t.equal(testing.client(app):get("/static/made.css").body, "made")
end)
