-- The dashboard's pages as a person uses them: the tester, installs and their settings at Segment.
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local saved_install = require "partnerapp.installs.tests.saved_install"
local testing = require "partnerapp.testing"

local API = "https://platform.segmentapis.com/v1beta/"

local function open()
	testing.settings { DASHBOARD = "open", PUBLIC_URL = "http://localhost:8888" }
end

local function client_of(app)
	open()
	return testing.client(app)
end

-- Sends the tester's form with some changes, as the page has it.
local function send(client, slug, changes)
	local page = client:get("/dashboard/tester/" .. slug)
	local form = { csrf = page.body:match 'name="csrf" value="([^"]+)"', ["do"] = "run" }
	for name, value in pairs(changes) do
		form[name] = value
	end
	return client:post("/dashboard/tester/" .. slug, { form = form })
end

testing.case("the tester shows what an event becomes, and sends nothing", function(t)
	local client = client_of()
	local page = client:get "/dashboard/tester/pigeon"
	t.equal(page.status, 200)
	t.contains(page.body, "the trigger matches")
	t.contains(page.body, "POST https://test-loft.pigeon.example/carry")
	t.contains(page.body, "Would be delivered; nothing was sent")
end)

testing.case("the tester takes settings, an action and a mapping from its form", function(t)
	local client = client_of()
	local page = send(client, "pigeon", {
		event = '{"type":"track","event":"Sold","userId":"u","messageId":"m","properties":{"n":7}}',
		action = "carry",
		["field.text"] = '{"@template":"{{event}} x {{properties.n}}"}',
		["setting.loft"] = "north",
		["setting.speed"] = "9",
	})
	t.equal(page.status, 200)
	t.contains(page.body, "POST https://north.pigeon.example/carry")
	t.contains(page.body, "Sold x 7")
	t.contains(page.body, "&quot;speed&quot;: 9")
end)

testing.case("a mapping with values of every type runs as the page has it", function(t)
	local client = client_of()
	local page = client:get("/dashboard/tester/herald?action=announce&load=sample+screen").body
	t.contains(page, "Would be delivered; nothing was sent")
	t.contains(page, "&quot;place&quot;: &quot;the roof&quot;")
	t.contains(page, "&quot;count&quot;: &quot;2&quot;")
	t.contains(page, ">\n&quot;2&quot;</textarea>")
	t.contains(client:get("/dashboard/destinations/herald").body, "&quot;the roof&quot;")
end)

testing.case("the tester takes what the partner answers from its form", function(t)
	local event = '{"type":"track","event":"Sold","userId":"u","messageId":"m"}'
	local page = send(client_of(), "pigeon", { event = event, answers = '\n429 {"error":"tired"}\n' })
	t.contains(page.body, "Not sent; the answer was given: 429")
	t.contains(page.body, "&quot;error&quot;: &quot;tired&quot;")
	t.contains(page.body, "Not delivered: 429")
	t.contains(page.body, "429 {&quot;error&quot;:&quot;tired&quot;}")
	page = client_of():get "/dashboard/tester/pigeon?load=test%20refused"
	t.contains(page.body, "\n429 {&quot;error&quot;:&quot;tired&quot;}</textarea>")
	t.contains(page.body, "Not delivered: 429")
	page = send(client_of(), "pigeon", { event = event, answers = '{"error":' })
	t.contains(page.body, "Not run: an answer")
	t.match(page.body, 'id="answers%-problem"[^>]*>the answer {&quot;error&quot;:: bad JSON')
end)

testing.case("what cannot be read is told below its text, and the form keeps what was typed", function(t)
	local client = client_of()
	local page = send(client, "pigeon", { event = '{ "type": <oops> ', action = "carry", ["field.text"] = "{" })
	t.equal(page.status, 200)
	t.contains(page.body, "{ &quot;type&quot;: &lt;oops&gt; ")
	t.contains(page.body, "Not run: the event")
	page = send(client, "pigeon", { event = "{}", action = "carry", ["field.text"] = "{" })
	t.contains(page.body, "Not run: the mapping")
	page = send(client, "pigeon", { event = "7" })
	t.contains(page.body, "an event is a JSON object")
end)

testing.case("the tester shows the difference to the run before, through any number of equal runs", function(t)
	local client = client_of()
	local first = send(client, "pigeon", { event = '{"type":"track","event":"A","userId":"u","messageId":"m"}' })
	local function kept(page, name)
		local text = page.body:match('<textarea hidden name="' .. name .. '">\n(.-)</textarea>')
		return (text:gsub("&quot;", '"'):gsub("&amp;", "&"))
	end
	t.equal(first.body:find('class="diff"', 1, true), nil)
	local second = send(client, "pigeon", {
		event = '{"type":"track","event":"B","userId":"u","messageId":"m"}',
		last = kept(first, "last"),
		earlier = kept(first, "earlier"),
	})
	t.contains(second.body, "<ins>+ ")
	t.contains(second.body, "<del>- ")
	local third = send(client, "pigeon", {
		event = '{"type":"track","event":"B","userId":"u","messageId":"m"}',
		last = kept(second, "last"),
		earlier = kept(second, "earlier"),
	})
	t.contains(third.body, "<ins>+ ")
end)

testing.case("a list of events is a batch", function(t)
	local client = client_of()
	local one = '{"type":"track","event":"%s","userId":"u","messageId":"%s"}'
	local page = send(client, "pigeon", { event = ("[%s,%s]"):format(one:format("A", "1"), one:format("B", "2")) })
	t.contains(page.body, "POST https://test-loft.pigeon.example/carry-many")
	t.contains(page.body, "Event 2")
	t.contains(page.body, "it is shown with event 1")
end)

testing.case("a call is made only after the question, and only with yes", function(t)
	local client = client_of()
	local event = '{"type":"track","event":"A","userId":"u","messageId":"m"}'
	local asked = send(client, "pigeon", { event = event, ["setting.loft"] = "real", ["do"] = "ask" })
	t.contains(asked.body, "Send for real?")
	t.contains(asked.body, "<code>POST https://real.pigeon.example</code>")
	local network = testing.network { ["POST https://real.pigeon.example/carry"] = { status = 201, body = "carried" } }
	local sent = send(client, "pigeon", { event = event, ["setting.loft"] = "real", ["do"] = "send" })
	t.equal(#network.calls, 1)
	t.contains(sent.body, "Answered 201")
	t.contains(sent.body, "carried")
end)

testing.case("the app's handlers of events can be tried too", function(t)
	local app = partnerapp.new {}
	app:on("track", function(event)
		return require("partnerapp.http").post("https://hook.example/in", { json = { name = event.event } })
	end)
	local client = client_of(app)
	t.contains(client:get("/dashboard/tester").body, "/dashboard/tester/app")
	local page = client:get "/dashboard/tester/app"
	t.contains(page.body, "POST https://hook.example/in")
	t.equal(client_of(partnerapp.new {}):get("/dashboard/tester/app").status, 404)
end)

testing.case("what is not there is 404, with a way back", function(t)
	local client = client_of()
	for _, path in ipairs {
		"/dashboard/tester/nothing",
		"/dashboard/destinations/nothing",
		"/dashboard/installs/nothing",
		"/dashboard/installs/nothing/destination",
		"/dashboard/deliveries/nothing",
		"/dashboard/traffic/nothing",
		"/dashboard/traffic/9999999999999999999999",
	} do
		local page = client:get(path)
		t.equal(page.status, 404, path)
		t.contains(page.body, "/dashboard", path)
	end
end)

-- Installs

local function list_of(client, query)
	return client:get("/dashboard/installs" .. query).body
end

testing.case("installs are searched in what they show, with marks of patterns as they are", function(t)
	local client = client_of()
	local first = saved_install {
		workspace_names = json.array { "workspaces/alpha" },
		source_names = json.array { "workspaces/alpha/sources/js" },
	}
	local second = saved_install {
		workspace_names = json.array { "workspaces/b_ta" },
		source_names = json.array { "workspaces/b_ta/sources/js" },
	}
	t.contains(list_of(client, "?q=ALPHA"), first.id)
	t.equal(list_of(client, "?q=ALPHA"):find(second.id, 1, true), nil)
	t.contains(list_of(client, "?q=b_t"), second.id)
	t.contains(list_of(client, "?q=a_p"), "No install has “a_p”")
	t.contains(list_of(client, "?q=%25"), "No install has")
	t.equal(client:get("/dashboard/installs?from=x").status, 400)
end)

testing.case("installs are paged, and none is there twice or left out", function(t)
	local client = client_of()
	for _ = 1, 120 do
		saved_install()
	end
	local seen, count, path = {}, 0, "/dashboard/installs"
	while path do
		local body = client:get(path).body
		for id in body:gmatch '<th scope="row"><a href="/dashboard/installs/([%w_-]+)"' do
			t.equal(seen[id], nil)
			seen[id], count = true, count + 1
		end
		path = body:match 'href="(/dashboard/installs%?from=[^"]+)"'
		path = path and path:gsub("&amp;", "&")
	end
	t.equal(count, installs.count())
end)

testing.case("an action runs with its arguments, and its failures are told", function(t)
	local app = partnerapp.new {}
	function app.actions.greet(_, arguments)
		return { said = "hello " .. arguments.name }
	end
	function app.actions.fails()
		return nil, "it went wrong", "broken"
	end
	function app.actions.raises()
		error "a raise"
	end
	local client = client_of(app)
	local install = saved_install()
	local path = "/dashboard/installs/" .. install.id
	local csrf = client:get(path).body:match 'name="csrf" value="([^"]+)"'
	local function run(action, arguments)
		return client:post(path .. "/run", { form = { csrf = csrf, action = action, arguments = arguments } })
	end
	local page = run("greet", "name=Ada = Lovelace\r\n")
	t.equal(page.status, 200)
	t.contains(page.body, "hello Ada = Lovelace")
	t.contains(run("fails", "").body, "fails failed: it went wrong (broken)")
	t.contains(run("raises", "").body, "a raise")
	t.contains(run("greet", "no pair").body, "“no pair” is not key=value")
	t.equal(run("nothing", "").status, 502)
end)

-- Settings at Segment

local NAME = "workspaces/userworkspace/sources/javascript/destinations/google-analytics"

local function destination_at_segment()
	local config = json.array {
		{ name = NAME .. "/config/trackingId", display_name = "Tracking ID", type = "string", value = "UA-1" },
		{ name = NAME .. "/config/anonymizeIp", display_name = "Anonymize IP", type = "boolean", value = false },
		{ name = NAME .. "/config/sampleRate", display_name = "Sample", type = "number", value = 100 },
		{ name = NAME .. "/config/apiSecret", display_name = "Secret", type = "password", value = "the-api-secret" },
		{ name = NAME .. "/config/metrics", display_name = "Metrics", type = "map", value = { a = "1" } },
		{ name = NAME .. "/config/snippet", display_name = "Snippet", type = "string", value = "one\n  two\n" },
		{ name = NAME .. "/config/timeout", display_name = "Timeout", type = "number", value = "5 s" },
		{ name = NAME .. "/config/extra", display_name = "Extra", type = "mixed", value = "as  it is" },
	}
	return { name = NAME, enabled = true, connection_mode = "CLOUD", config = config }
end

local function live(t, changes)
	local client = client_of()
	local install = saved_install {
		workspace_names = json.array { "workspaces/userworkspace" },
		source_names = json.array { "workspaces/userworkspace/sources/javascript" },
		scope = "destination/google-analytics",
	}
	local patched
	testing.network {
		["GET " .. API .. NAME] = { json = destination_at_segment() },
		["GET " .. API .. "catalog/destinations/google-analytics"] = { status = 404, json = { error = "x", code = 5 } },
		["PATCH " .. API .. NAME] = function(request)
			patched = request.json
			return { json = destination_at_segment() }
		end,
	}
	local path = ("/dashboard/installs/%s/destination"):format(install.id)
	local page = client:get(path)
	t.equal(page.status, 200)
	local form = {}
	for name, value in page.body:gmatch 'type="hidden" name="([^"]+)" value="([^"]*)"' do
		form[name] = value
		form[name:gsub("^was%.", "config."):gsub("config%.enabled", "enabled"):gsub("config%.mode", "mode")] = value
	end
	for name, value in page.body:gmatch 'name="(was%.[^"]+)">\n(.-)</textarea>' do
		value = value:gsub("&quot;", '"')
		form[name], form[name:gsub("^was%.", "config.")] = value, value
	end
	for name, value in pairs(changes) do
		form[name] = value
	end
	return client:post(path, { form = form }), page, function()
		return patched
	end
end

testing.case("nothing is sent to Segment when nothing was changed", function(t)
	local answer, page, patched = live(t, {})
	t.contains(answer.body, "Nothing was changed")
	t.equal(patched(), nil)
	t.equal(page.body:find("the-api-secret", 1, true), nil)
	t.contains(page.body, "A secret is set. Left empty, it stays as it is.")
end)

testing.case("a browser sends each setting that was not changed back as it was", function(t)
	local _, page = live(t, {})
	t.contains(page.body, 'name="was.snippet">\none\n  two\n</textarea>')
	t.contains(page.body, 'name="config.snippet" rows="3" spellcheck="false">\none\n  two\n</textarea>')
	t.contains(page.body, 'name="config.timeout" type="text" value="5 s"')
	t.contains(page.body, ">\n&quot;as  it is&quot;</textarea>")
	t.contains(page.body, '<option value="false" selected>false</option>')
end)

testing.case("exactly what was changed is sent, with its type and mask", function(t)
	local answer, _, patched =
		live(t, { enabled = "false", ["config.sampleRate"] = "50", ["config.anonymizeIp"] = "true" })
	t.contains(answer.body, "Saved: enabled, config/anonymizeIp, config/sampleRate.")
	t.same(patched().update_mask, { paths = { "destination.enabled", "destination.config" } })
	t.same(patched().destination, {
		enabled = false,
		config = {
			{ name = NAME .. "/config/anonymizeIp", value = true },
			{ name = NAME .. "/config/sampleRate", value = 50 },
		},
	})
end)

testing.case("a value of another type is told, and nothing is sent", function(t)
	local answer, _, patched = live(t, { ["config.sampleRate"] = "many", ["config.metrics"] = "{" })
	t.equal(answer.status, 422)
	t.contains(answer.body, "this is not a number")
	t.contains(answer.body, 'value="many"')
	t.equal(patched(), nil)
end)

testing.case("a secret that is typed is sent, and not shown", function(t)
	local answer, _, patched = live(t, { ["config.apiSecret"] = "a-new-secret-of-mine" })
	t.equal(patched().destination.config[1].value, "a-new-secret-of-mine")
	t.equal(answer.body:find("a-new-secret-of-mine", 1, true), nil)
end)
