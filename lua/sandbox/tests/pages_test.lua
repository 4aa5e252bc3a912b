-- The pages of the sandbox.
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local webhooks = require "tests.webhooks"

local case = testing.case
local fresh = segment.fresh
local ONE, NAME, prepared = webhooks.ONE, webhooks.NAME, webhooks.prepared

case("the home page shows what is in the sandbox, /assumptions all assumptions", function(t)
	local send, client = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	send("track", { userId = "u1", event = "<b>Signed up</b>" })
	local page = client:get("/").body
	for _, text in ipairs {
		"workspaces/userworkspace",
		NAME,
		"1 delivered",
		"installs/1",
		"apps/1",
		"&lt;b&gt;Signed up",
		"webhooks: delivered",
		"/v1/track",
		"SANDBOX",
	} do
		t.contains(page, text)
	end
	t.contains(client:get("/assumptions").body, "A44")
end)

-- The part of the home page about the newest request of a path, as text.
local function shown(client, path)
	for part in client:get("/").body:gmatch '<details id="request%-%d+">(.-)</details>' do
		if part:find('<span class="path">' .. path .. "</span>", 1, true) then
			return part
		end
	end
end

case("the home page begins with the last requests, each with its query, body and answer", function(t)
	local send, client = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	send("track", { userId = "u1", event = "<b>Signed up</b>" })
	local page = client:get("/").body
	t.truthy(page:find "Last requests" < page:find "Last events")
	t.truthy(page:find "Last events" < page:find ">Workspaces")
	local track = shown(client, "/v1/track")
	t.contains(track, "&lt;b&gt;Signed up")
	t.contains(track, "<td>200 <code>{&quot;success&quot;:true}</code>")
	t.contains(track, '<th scope="row">Query</th><td>none')
	client:get "/v1beta/nothing?page_size=3"
	local nothing = shown(client, "/v1beta/nothing")
	t.contains(nothing, "<code>page_size=3</code>")
	t.contains(nothing, '<th scope="row">Body</th><td>none')
	t.contains(nothing, "<td>401 <code>{")
	client:get "/login?login_challenge=x"
	t.contains(shown(client, "/login"), "<code>a page</code>")
	client:post("/v1/track", { body = ("ä"):rep(3000), headers = { ["content-type"] = "text/plain" } })
	t.match(shown(client, "/v1/track"), "<code>äää[ä]+ … %(6000 bytes%)</code>")
end)

case("LG-01 the home page has no credentials in bodies and answers", function(t)
	local client = fresh()
	local token = segment.of_destination(client)
	client:post("/oauth2/token", {
		form = { grant_type = "authorization_code", code = "the-code", client_id = "c", client_secret = "the-secret" },
	})
	client:post("/v1beta/access-tokens", { body = '{"password":"the-pass' .. ("x"):rep(3000) })
	client:post("/v1beta/access-tokens", { body = [[{"password":"a\"quoted-end","x":"seen","code":"b\\"}]] })
	local page = client:get("/").body
	t.lacks(page, token.access_token)
	t.contains(
		page,
		"{&quot;password&quot;:&quot;***&quot;,&quot;x&quot;:&quot;seen&quot;,&quot;code&quot;:&quot;***&quot;}"
	)
	for _, secret in ipairs { "the-code", "the-secret", "the-pass", "quoted-end" } do
		t.lacks(page, secret)
	end
	t.contains(page, "&quot;access_token&quot;:&quot;***&quot;")
	t.contains(shown(client, "/oauth2/token"), "code=***")
	t.match(shown(client, "/authorize"), "Location: http://localhost:8888/[%w/]+%?code=%*%*%*&amp;")
	t.match(shown(client, "/login"), "password=%*%*%*")
end)

case("HT-06 the policy of the consent page lets its form lead to the app, that of / lets its script read", function(t)
	local client = fresh()
	local oauth_client = segment.register(client, "workspace")
	local page = segment.consent_page(client, segment.authorize_url(oauth_client, "workspace"))
	t.contains(page.headers["content-security-policy"], "; form-action 'self' http://localhost:8888; ")
	t.lacks(page.headers["content-security-policy"], "connect-src")
	local policy = client:get("/").headers["content-security-policy"]
	t.contains(policy, "; form-action 'self'; ")
	t.match(policy, "; connect%-src 'self'$")
end)

case("the page of a request for consent that was answered already says what to do", function(t)
	local client = fresh()
	local page = client:get("/authorize?consent_challenge=" .. ("a"):rep(32), { headers = { accept = "text/html" } })
	t.equal(page.status, 400)
	t.contains(page.body, "<h1>This request is over</h1>")
	t.contains(page.body, "Begin again at the app.")
	t.contains(page.body, "No app is registered here.")
	local json = client:get("/authorize", { headers = { accept = "application/json" } })
	t.equal(json.status, 400)
	t.contains(json.json().error, "Begin again at the app.")
end)

case("a page that leads to no app links to the apps that are registered", function(t)
	local client = fresh()
	segment.register(client, "workspace")
	local oauth_client = segment.register(client, "workspace:read")
	local link = '<a href="http://localhost:8888/">http://localhost:8888/</a>'
	local url = "/oauth2/auth?response_type=code&client_id="
	for _, address in ipairs {
		"/authorize?consent_challenge=" .. ("a"):rep(32),
		url .. "unknown",
		url .. oauth_client.client_id .. "&redirect_uri=http%3A%2F%2Flocalhost%3A9999%2Fcallback",
	} do
		local page = client:get(address, { headers = { accept = "text/html" } })
		t.truthy(page.status >= 400)
		t.equal(select(2, page.body:gsub(link, "")), 1, address)
	end
	local page = client:get(
		url .. oauth_client.client_id .. "&redirect_uri=http%3A%2F%2Flocalhost%3A9999%2Fcallback",
		{ headers = { accept = "text/html" } }
	)
	t.contains(page.body, "<code>http://localhost:9999/callback</code>")
	t.contains(page.body, "registered redirect_uri")
	t.lacks(page.body, 'href="http://localhost:9999', "only registered addresses are links")
end)

case("the login page keeps the e-mail after a wrong password", function(t)
	local client = fresh()
	local response = client:post("/login", { form = { email = "user@example.com", password = "<wrong>" } })
	t.equal(response.status, 401)
	t.contains(response.body, 'value="user@example.com"')
	t.lacks(response.body, "<wrong>")
end)
