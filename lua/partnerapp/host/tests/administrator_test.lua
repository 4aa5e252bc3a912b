-- Who gets into the dashboard (HT-02, HT-28).
local settings = require "partnerapp.store.settings"
local testing = require "partnerapp.testing"

local LOCAL = { PUBLIC_URL = "http://localhost:8888", DASHBOARD = "open" }
local PASSWORD = "correct horse battery staple"

local function with(changes)
	local all = {}
	for _, source in ipairs { LOCAL, changes or {} } do
		for name, value in pairs(source) do
			all[name] = value
		end
	end
	testing.settings(all)
end

local function log_in(client, password, options)
	options = options or {}
	options.form = { password = password, next = "/dashboard" }
	return client:post("/dashboard/login", options)
end

testing.case("HT-02 the dashboard is open to a browser on this machine, and says so", function(t)
	with()
	local page = testing.client():get "/dashboard"
	t.equal(page.status, 200)
	t.contains(page.body, "Open without a password")
end)

testing.case("HT-02 another peer, another Host or a forwarding header closes it", function(t)
	with()
	local others = {
		{ ip = "192.0.2.7" },
		{ headers = { host = "abc.example.com" } },
		{ headers = { forwarded = "for=192.0.2.7" } },
		{ headers = { ["x-forwarded-for"] = "127.0.0.1" } },
		{ headers = { ["x-forwarded-host"] = "abc.example.com" } },
		{ headers = { ["x-forwarded-proto"] = "https" } },
		{ headers = { ["x-real-ip"] = "127.0.0.1" } },
		{ headers = { via = "1.1 tunnel" } },
		{ headers = { ["x-forwarded-port"] = "443" } },
	}
	for _, options in ipairs(others) do
		local client = testing.client(nil, options)
		for _, path in ipairs { "/dashboard", "/dashboard/login", "/dashboard/nothing" } do
			local page = client:get(path)
			t.equal(page.status, 403)
			t.contains(page.body, "ADMIN_PASSWORD")
		end
		t.equal(client:post("/dashboard/logout", { form = {} }).status, 403)
	end
end)

testing.case("HT-04 where no token can be kept for its forms, the dashboard takes none without one", function(t)
	with()
	local shared = require "native.shared"
	shared.drop "administrator.open"
	for i = 1, 1000 do
		shared.put("filler." .. i, "x")
	end
	local refused = testing.client():post("/dashboard/logout", { form = {} })
	for _, name in ipairs(shared.names "filler.") do
		shared.drop(name)
	end
	t.equal(refused.status, 503)
	t.equal(testing.client():post("/dashboard/logout", { form = {} }).status, 403)
end)

testing.case("HT-02 without a password it is absent where the server is not for this machine alone", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = false }
	local client = testing.client()
	t.equal(client:get("/dashboard").status, 404)
	t.equal(client:get("/dashboard/login").status, 404)
	t.equal(log_in(client, "").status, 404)
end)

testing.case("HT-02 HT-03 with a password a login is needed, and it ends", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client()
	local asked = client:get "/dashboard"
	t.equal(asked.status, 401)
	t.contains(asked.body, 'type="password"')
	local answer = log_in(client, PASSWORD)
	t.equal(answer.status, 303)
	t.equal(answer.headers.location, "/dashboard")
	t.contains(answer.headers["set-cookie"][1], "__Host-")
	t.contains(answer.headers["set-cookie"][1], "SameSite=Strict")
	t.contains(answer.headers["set-cookie"][1], "Max-Age=43200")
	local page = client:get "/dashboard"
	t.equal(page.status, 200)
	t.equal(page.body:find("Open without", 1, true), nil)
	testing.clock.advance(12 * 3600 + 1)
	t.equal(client:get("/dashboard").status, 401)
end)

testing.case("HT-02 a logout ends the login at the server too", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client()
	log_in(client, PASSWORD)
	local kept = {}
	for name, value in pairs(client.cookies) do
		kept[name] = value
	end
	local answer = client:submit(client:get "/dashboard")
	t.equal(answer.status, 303)
	t.equal(client:get("/dashboard").status, 401)
	client.cookies = kept
	t.equal(client:get("/dashboard").status, 401)
end)

testing.case("HT-02 a new password ends the logins of before", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client(nil, { ip = "192.0.2.11" })
	log_in(client, PASSWORD)
	t.equal(client:get("/dashboard").status, 200)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD .. "!" }
	t.equal(client:get("/dashboard").status, 401)
end)

testing.case("HT-28 a wrong password is refused, and further tries have to wait", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client(nil, { ip = "192.0.2.8" })
	for _ = 1, 5 do
		local page = log_in(client, "wrong")
		t.equal(page.status, 401)
		t.contains(page.body, "This is not the password")
	end
	local late = log_in(client, PASSWORD)
	t.equal(late.status, 429)
	t.equal(tonumber(late.headers["retry-after"]) <= 10, true)
	t.equal(client:get("/dashboard").status, 401)
end)

testing.case("HT-04 a form without the token, and one of another site, changes nothing", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client(nil, { ip = "192.0.2.9" })
	local cross = { headers = { ["sec-fetch-site"] = "cross-site", origin = "https://evil.example" } }
	t.equal(log_in(client, PASSWORD, cross).status, 403)
	t.equal(log_in(client, PASSWORD).status, 303)
	t.equal(client:post("/dashboard/logout", { form = {} }).status, 403)
	t.equal(client:post("/dashboard/logout", { form = { csrf = "x" } }).status, 403)
	t.equal(client:get("/dashboard").status, 200)
	with { ADMIN_PASSWORD = false }
	t.equal(testing.client():post("/dashboard/logout", { form = {} }).status, 403)
end)

testing.case("HT-02 a customer's session is no login, and a login no customer's session", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	local client = testing.client(nil, { ip = "192.0.2.10" })
	log_in(client, PASSWORD)
	local value
	for _, one in pairs(client.cookies) do
		value = one
	end
	local cookie = require "partnerapp.web.cookie"
	client.cookies = { [cookie.name "session"] = value }
	t.equal(client:get("/dashboard").status, 401)
end)

testing.case("the login leads on to the dashboard only", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", DASHBOARD = false, ADMIN_PASSWORD = PASSWORD }
	for i, next in ipairs { "https://evil.example", "//evil.example", "/installs", "/dashboards", "\\evil" } do
		local client = testing.client(nil, { ip = "192.0.2." .. 20 + i })
		local answer = client:post("/dashboard/login", { form = { password = PASSWORD, next = next } })
		t.equal(answer.headers.location, "/dashboard")
	end
end)

testing.case("hooks of the app do not apply to the dashboard", function(t)
	with()
	local partnerapp = require "partnerapp"
	local app = partnerapp.new { destination = "webhooks" }
	app:before(function()
		error "the app's hook ran"
	end)
	app:after(function()
		error "the app's hook ran"
	end)
	t.equal(testing.client(app):get("/dashboard").status, 200)
	t.equal(settings.values.DASHBOARD, "open")
end)
