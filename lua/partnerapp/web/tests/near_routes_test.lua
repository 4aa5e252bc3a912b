-- The page of an address without a route: in development it lists the routes that are near.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local JSON = { accept = "application/json" }

local function an_app()
	local app = partnerapp.new {}
	for _, path in ipairs { "/", "/installs/:id", "/installs/:id/report", "/hello", "/files/*rest", "/:one/x" } do
		app:get(path, reply.empty)
	end
	app:post("/installs/:id/disconnect", reply.empty)
	return app
end

local function near(path)
	local list = {}
	for i, text in ipairs(testing.client(an_app()):get(path, { headers = JSON }).json().near) do
		list[i] = text:match "^%u+ %S+"
	end
	return table.concat(list, ", ")
end

testing.case("an address without a route lists those that are near, in development", function(t)
	t.equal(near "/helo", "GET /hello")
	t.equal(near "/Hello", "GET /hello")
	t.equal(near "/hello/", "GET /hello")
	t.equal(near "/installs", "GET /installs/:id, GET /installs/:id/report, POST /installs/:id/disconnect")
	t.equal(near "/installs/7/reprot", "GET /installs/:id/report, GET /installs/:id, POST /installs/:id/disconnect")
	t.equal(near "/instals/7", "GET /installs/:id")
	t.equal(near "/flies/a/b", "GET /files/*rest")
	t.equal(near "/wp-login.php", "")
	t.equal(near(("/x"):rep(3000)), "")
	local page = testing.client(an_app()):get("/helo", { headers = { accept = "text/html" } })
	t.equal(page.status, 404)
	t.contains(page.body, "Routes that are near")
	t.contains(page.body, '<a href="/hello">/hello</a>')
	page = testing.client(an_app()):get("/installs/7/reprot", { headers = { accept = "text/html" } })
	t.lacks(page.body, 'href="/installs/', "a path with a parameter is not a link")
	page = testing.client(an_app()):get("/wp-login.php", { headers = { accept = "text/html" } })
	t.contains(page.body, "No route of this app is near to it: <code>partnerapp routes</code> lists them all.")
end)

testing.case("an address that a route refuses with 404 lists nothing", function(t)
	local app = an_app()
	app:get("/refused", function()
		return reply.failed(404, "There is no such page.")
	end)
	t.equal(testing.client(app):get("/refused", { headers = JSON }).json().near, nil)
	t.lacks(testing.client(app):get("/refused", { headers = { accept = "text/html" } }).body, "near")
end)

testing.case("HT-24 in production an address without a route tells nothing of the routes", function(t)
	testing.settings { PUBLIC_URL = "https://app.example" }
	for _, headers in ipairs { JSON, { accept = "text/html" } } do
		local response = testing.client(an_app()):get("/helo", { headers = headers })
		t.equal(response.status, 404)
		t.lacks(response.body, "near")
		t.lacks(response.body, "/hello")
	end
end)
