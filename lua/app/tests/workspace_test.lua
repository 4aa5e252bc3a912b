-- The mounts of the two wide scopes, and an install's end.
local app = require "init"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

local TOKEN_URL = "POST https://id.segmentapis.com/oauth2/token"
local API = "https://platform.segmentapis.com/v1beta/"
local W = "workspaces/business"

local CLIENTS = {
	REPORT_CLIENT_ID = "report-client",
	REPORT_CLIENT_SECRET = "secret-of-the-report",
	WORKSPACE_CLIENT_ID = "workspace-client",
	WORKSPACE_CLIENT_SECRET = "secret-of-the-workspace",
}

local SOURCES = {
	json = {
		sources = json.array {
			{ name = W .. "/sources/js", catalog_name = "catalog/sources/javascript" },
			{ name = W .. "/sources/ios", catalog_name = "catalog/sources/ios" },
		},
	},
}

local KINDS = {
	json = {
		sources = json.array {
			{ name = "catalog/sources/javascript", display_name = "Javascript" },
			{ name = "catalog/sources/ios", display_name = "iOS" },
		},
	},
}

-- A browser, a new one unless it is given, with an install of that mount; what Segment answers besides.
local function install(mount, scope, answers, browser)
	testing.settings(CLIENTS)
	answers[TOKEN_URL] = {
		json = {
			access_token = "token-of-the-test",
			token_type = "bearer",
			expires_in = 3599,
			scope = scope,
			app_name = "apps/3",
			install_name = "installs/" .. math.random(1, 1 << 40),
			workspace_names = { W },
		},
	}
	local network = testing.network(answers)
	local client = browser or testing.client(app)
	local state = client:get(mount).headers.location:match("state=([%w_-]+)")
	local response = client:get(mount .. "/callback?code=c&state=" .. state)
	return client, response, network
end

testing.case("the home page says which clients the other scopes need", function(t)
	local page = testing.client(app):get "/"
	t.contains(page.body, "REPORT_CLIENT_ID")
	t.contains(page.body, "http://localhost:8888/auth/workspace/callback")
	testing.settings(CLIENTS)
	page = testing.client(app):get "/"
	t.contains(page.body, 'href="/auth/report"')
	t.contains(page.body, 'href="/auth/workspace"')
	t.lacks(page.body, "REPORT_CLIENT_ID")
end)

testing.case("the home page has a workspace once, with a link for each flow, to its newest install", function(t)
	local client, first = install("/auth/report", "workspace:read", {})
	local _, second = install("/auth/report", "workspace:read", {}, client)
	local report, newer = first.headers.location:match "^(.*)/", second.headers.location:match "^(.*)/"
	t.truthy(report ~= newer)
	local page = client:get("/").body
	t.contains(page, ('<li><a href="%s">%s</a></li>'):format(newer, W))
	t.lacks(page, report)
	local _, third = install("/auth/workspace", "workspace", {}, client)
	local sources = third.headers.location:match "^(.*)/"
	page = client:get("/").body
	local entry = '<li>%s: <a href="%s">Create a source</a>, <a href="%s">Report on a workspace</a></li>'
	t.contains(page, entry:format(W, sources, newer))
	t.equal(select(2, page:gsub(W, "")), 1)
end)

testing.case("workspace:read shows the sources of the workspace and what they send to", function(t)
	local client, response, network = install("/auth/report", "workspace:read", {
		["GET " .. API .. W .. "/sources"] = SOURCES,
		["GET " .. API .. W .. "/sources/js/destinations"] = {
			json = {
				destinations = json.array {
					{ name = W .. "/sources/js/destinations/webhooks", display_name = "Webhooks", enabled = true },
					{ name = W .. "/sources/js/destinations/slack", display_name = "<Slack>", enabled = false },
				},
			},
		},
		["GET " .. API .. W .. "/sources/ios/destinations"] = { json = { destinations = json.array {} } },
	})
	t.equal(network.calls[1].basic[1], "report-client")
	t.match(response.headers.location, "^/installs/[%w_-]+/report$")
	local page = client:follow(response)
	t.equal(page.status, 200)
	t.contains(page.body, "Webhooks, &lt;Slack&gt; (off)")
	t.contains(page.body, "no destination yet")
	t.equal(testing.client(app):get(response.headers.location).status, 404, "another browser")
end)

testing.case("a report that Segment does not let us make says why", function(t)
	local client, response = install("/auth/report", "workspace:read", {
		["GET " .. API .. W .. "/sources"] = { status = 403, json = { error = "insufficient scope", code = 7 } },
	})
	local page = client:follow(response)
	t.equal(page.status, 502)
	t.contains(page.body, "needs the scope workspace:read or workspace")
end)

testing.case("workspace creates a source; what was typed stays when that fails", function(t)
	local answer = { status = 409, json = { error = "source already exists", code = 6 } }
	local client, response, network = install("/auth/workspace", "workspace", {
		["GET " .. API .. "catalog/sources"] = KINDS,
		["POST " .. API .. W .. "/sources"] = function()
			return answer
		end,
	})
	local where = response.headers.location
	t.match(where, "^/installs/[%w_-]+/sources$")
	local page = client:follow(response)
	local csrf = page.body:match 'name="csrf" value="([^"]+)"'
	t.contains(page.body, '<option value="javascript" selected>Javascript</option>')

	page = client:post(where, { form = { csrf = csrf, slug = "phone", kind = "ios" } })
	t.equal(page.status, 422)
	t.contains(page.body, "source already exists")
	t.contains(page.body, 'value="phone"')
	t.contains(page.body, '<option value="ios" selected>')

	local calls = #network.calls
	page = client:post(where, { form = { csrf = csrf, slug = "../x", kind = "ios" } })
	t.equal(page.status, 422)
	t.contains(page.body, 'value="../x"')
	t.equal(#network.calls, calls + 1, "only the kinds were asked for")

	answer = { json = { name = W .. "/sources/phone" } }
	page = client:post(where, { form = { csrf = csrf, slug = "phone", kind = "ios" } })
	t.equal(page.status, 200)
	t.contains(page.body, "workspaces/business/sources/phone</code> is there")
	t.equal(client:post(where, { form = { slug = "phone", kind = "ios" } }).status, 403, "HT-04 without its token")
end)

testing.case("an install's page leads on, and forgets it", function(t)
	local client, response = install("/auth/report", "workspace:read", {})
	local where = response.headers.location:match "^(.*)/report$"
	local page = client:get(where)
	t.contains(page.body, 'href="' .. where .. '/report"')
	page = client:get(where .. "/disconnect")
	local csrf = page.body:match 'name="csrf" value="([^"]+)"'
	t.equal(client:post(where .. "/disconnect", { form = {} }).status, 403, "HT-04 without its token")
	t.equal(testing.client(app):post(where .. "/disconnect", { form = { csrf = csrf } }).status, 404, "another browser")
	page = client:post(where .. "/disconnect", { form = { csrf = csrf } })
	t.equal(page.status, 200)
	t.contains(page.body, "has deleted")
	t.equal(client:get(where).status, 404)
	t.lacks(client:get("/").body, where)
end)

testing.case("an install that is mended works again without the customer", function(t)
	local refused = { status = 401, json = { error = "bad credentials", code = 16 } }
	local answers = {}
	local client, response = install("/auth/report", "workspace:read", answers)
	local where = response.headers.location:match "^(.*)/report$"
	local name = client:get(where).body:match "<code>(installs/%d+)</code>"
	local renewal = "GET " .. API .. name .. "/token"
	answers[renewal] = refused
	testing.clock.advance(3600)
	app.installs:find(where:match "[^/]+$"):token()
	local page = client:get(where)
	t.contains(page.body, "has to be connected again")
	t.contains(page.body, 'href="/auth/report"')
	local csrf = page.body:match 'name="csrf" value="([^"]+)"'
	page = client:post(where .. "/reconnect", { form = { csrf = csrf } })
	t.equal(page.status, 502)
	t.contains(page.body, "Tried once more, and it does not work yet.")
	t.contains(page.body, "bad credentials")
	t.contains(page.body, "Connect again", "the way on is on the page")
	t.contains(testing.log()[#testing.log()].message, "does not work yet")
	answers[renewal] = {
		json = { access_token = "mended", token_type = "bearer", expires_in = 3600, install_name = name },
	}
	t.equal(client:post(where .. "/reconnect", { form = { csrf = csrf } }).status, 303)
	t.lacks(client:get(where).body, "has to be connected again")
end)
