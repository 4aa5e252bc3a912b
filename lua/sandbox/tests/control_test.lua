-- The control API: faults, barriers, counts. What needs a real connection is in tests/http/sandbox.test.mjs.
local app = require "init"
local clock = require "partnerapp.clock"
local segment = require "tests.segment"
local settings = require "settings"
local testing = require "partnerapp.testing"

local case = testing.case
local call = segment.call

local function fault(client, asked)
	return client:post("/_sandbox/faults", { json = asked })
end

case("a fault answers the next `times` requests of its method and path", function(t)
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	fault(client, {
		method = "GET",
		path = "/v1beta/workspaces",
		times = 2,
		status = 503,
		headers = { ["Retry-After"] = "7" },
		body = { error = "down", code = 14 },
	})
	t.equal(call(client, token, "GET", "workspaces/business"), 200)
	for _ = 1, 2 do
		local status, answer, response = call(client, token, "GET", "workspaces")
		t.equal(status, 503)
		t.same(answer, { error = "down", code = 14 })
		t.equal(response.headers["retry-after"], "7")
		t.equal(response.headers["content-type"], "application/json")
	end
	t.equal(call(client, token, "GET", "workspaces"), 200)
	local requests = client:get("/_sandbox/requests").json()
	t.equal(requests.counts["GET /v1beta/workspaces"], 3)
	t.equal(requests.requests[#requests.requests - 1].status, 503)
	t.contains(requests.requests[#requests.requests - 1].warning, "fault")
end)

case("the body of a fault can be anything: HTML, broken JSON, nothing", function(t)
	local client = segment.fresh()
	for _, one in ipairs {
		{ "<h1>Bad gateway</h1>", { ["content-type"] = "text/html" } },
		{ ("["):rep(100000), { ["content-type"] = "application/json" } },
		{ "", {} },
		{ "upstream connect error", {} },
	} do
		fault(client, { path = "/v1beta/*", status = 502, body = one[1], headers = one[2] })
		local response = client:get "/v1beta/workspaces"
		t.equal(response.status, 502)
		t.equal(response.body, one[1])
	end
end)

case("faults apply in the order of their creation, to any method, with * for the rest of a path", function(t)
	local client = segment.fresh()
	fault(client, { path = "/oauth2/*", status = 500 })
	fault(client, { method = "POST", path = "/oauth2/token", status = 429 })
	t.equal(client:post("/oauth2/token").status, 500)
	t.equal(client:get("/oauth2/auth").status, 401)
	t.equal(client:post("/oauth2/token").status, 429)
	t.equal(client:post("/oauth2/token").status, 400)
end)

case("a fault without a status delays the handler's response", function(t)
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	fault(client, { path = "/v1beta/workspaces", delay_ms = 30 })
	local begun = clock.now()
	t.equal(call(client, token, "GET", "workspaces"), 200)
	t.truthy(clock.now() - begun >= 0.03)
end)

case("a bomb is small and has the encoding gzip", function(t)
	local client = segment.fresh()
	fault(client, { path = "/v1beta/workspaces", mode = "bomb" })
	local response = client:get "/v1beta/workspaces"
	t.equal(response.status, 200)
	t.equal(response.headers["content-encoding"], "gzip")
	t.truthy(#response.body < 500000)
end)

case("wrong faults and barriers are 400", function(t)
	local client = segment.fresh()
	for _, bad in ipairs {
		{},
		{ path = "v1beta" },
		{ path = 7 },
		{ path = "/", method = "BREW" },
		{ path = "/", method = {} },
		{ path = "/", times = 0 },
		{ path = "/", times = 1.5 },
		{ path = "/", status = 100 },
		{ path = "/", status = "500" },
		{ path = "/", delay_ms = 60001 },
		{ path = "/", mode = "explode" },
		{ path = "/", headers = { ["a b"] = "c" } },
		{ path = "/", headers = { a = "b\r\nc: d" } },
		{ path = "/", headers = "a: b" },
		{ path = "/", headers = { ["Content-Length"] = "7" } },
		{ path = "/", headers = { ["transfer-encoding"] = "chunked" } },
		{ path = "/", headers = { connection = "close" } },
	} do
		local response = fault(client, bad)
		t.equal(response.status, 400)
		t.truthy(#response.json().error > 0)
	end
	for _, bad in ipairs { {}, { path = "/x" }, { path = "/x", count = 1 }, { path = "/x", count = 101 } } do
		t.equal(client:post("/_sandbox/barrier", { json = bad }).status, 400)
	end
	t.equal(
		client:post("/_sandbox/faults", { body = "{", headers = { ["content-type"] = "application/json" } }).status,
		400
	)
end)

case("a misspelt field is refused, with the one that was meant, and nothing is added", function(t)
	local client = segment.fresh()
	for _, one in ipairs {
		{ "faults", { path = "/v1beta/*", staus = 500 }, "unknown field 'staus': did you mean 'status'?" },
		{ "faults", { path = "/v1beta/*", delay = 5 }, "unknown field 'delay': use method, path, times, status" },
		{ "faults", { url = "/v1beta/*", status = 500 }, "unknown field 'url': use method, path, times" },
		{ "barrier", { path = "/v1beta/*", cuont = 2 }, "unknown field 'cuont': did you mean 'count'?" },
		{ "barrier", { path = "/v1beta/*", count = 2, status = 500 }, "use method, path, count" },
		{ "clock", { advnace = 60 }, "unknown field 'advnace': did you mean 'advance'?" },
		{ "clients", { scope = "workspace", redirect_uri = segment.REDIRECT }, "did you mean 'redirect_uris'?" },
		{ "faults", { { path = "/v1beta/*" } }, "a JSON object is expected" },
	} do
		local response = client:post("/_sandbox/" .. one[1], { json = one[2] })
		t.equal(response.status, 400)
		t.contains(response.json().error, one[3])
	end
	t.equal(client:get("/v1beta/workspaces").status, 401, "no fault answers")
end)

case("each request uses up one fault; DELETE removes all", function(t)
	local client = segment.fresh()
	fault(client, { path = "/v1beta/workspaces", status = 500, times = 100 })
	t.equal(client:get("/v1beta/workspaces").status, 500)
	t.equal(client:delete("/_sandbox/faults").status, 200)
	t.equal(client:get("/v1beta/workspaces").status, 401)
end)

case("OP-07 the control API refuses web pages and other machines, and has no faults itself", function(t)
	local client = segment.fresh()
	fault(client, { path = "*" })
	fault(client, { path = "/*", status = 500, times = 5 })
	for _, headers in ipairs { { origin = "https://evil.example" }, { origin = "null" } } do
		t.equal(client:post("/_sandbox/reset", { headers = headers }).status, 403)
	end
	local refused = testing.client(app, { ip = "192.0.2.1" }):get("/_sandbox/requests")
	t.equal(refused.status, 403)
	t.contains(refused.json().error, "SANDBOX_TOKEN")
	t.equal(client:get("/_sandbox/requests").status, 200)
end)

case("OP-07 another machine controls the sandbox with SANDBOX_TOKEN as bearer, and only so", function(t)
	segment.fresh()
	settings.token = "token-of-the-test"
	local elsewhere = testing.client(app, { ip = "172.18.0.3" })
	local function status(authorization, more)
		local headers = { authorization = authorization, origin = more }
		return elsewhere:get("/_sandbox/requests", { headers = headers }).status
	end
	t.equal(status "Bearer token-of-the-test", 200)
	t.equal(status "bearer token-of-the-test", 200)
	for _, wrong in ipairs {
		"Bearer token-of-the-tes",
		"Bearer token-of-the-test2",
		"Bearer",
		"Basic dG9rZW4=",
		"token-of-the-test",
	} do
		t.equal(status(wrong), 401, wrong)
	end
	t.equal(status(nil), 401)
	t.equal(status("Bearer token-of-the-test", "http://sandbox:8889"), 403)
	settings.token = nil
	t.equal(status "Bearer token-of-the-test", 403)
end)

case("LG-01 the request log has no credentials", function(t)
	local client = segment.fresh()
	local token = segment.of_destination(client)
	client:get("/v1beta/" .. segment.CLEARBRAIN .. "?x=1", { headers = segment.bearer(token.access_token) })
	client:get("/v1beta/nothing")
	local response = client:get("/_sandbox/requests")
	local body = response.json()
	local last = body.requests[#body.requests]
	t.equal(last.path, "/v1beta/nothing")
	t.equal(body.requests[#body.requests - 1].query, "x=1")
	t.equal(body.counts["POST /oauth2/token"], 1)
	t.lacks(response.body, token.access_token)
	t.lacks(response.body, "password")
	client:get("/v1beta/nothing?a=1&access_token=" .. token.access_token .. "&code=x&b=&token=")
	local requests = client:get("/_sandbox/requests").json().requests
	t.equal(requests[#requests].query, "a=1&access_token=***&code=***&b=&token=")
end)

case("OP-07 the control API is loopback only, and reset empties the sandbox", function(t)
	local client = segment.fresh()
	segment.of_destination(client)
	t.equal(testing.client(app, { ip = "192.0.2.1" }):post("/_sandbox/reset").status, 403)
	client:post("/_sandbox/reset")
	t.same(client:get("/_sandbox/requests").json().requests, {})
	t.equal(segment.register(client, "nonsense").error ~= nil, true)
	for _, uris in ipairs { {}, { "nonsense" }, { segment.REDIRECT, {} }, { segment.REDIRECT, 7 } } do
		local bad = client:post("/_sandbox/clients", { json = { scope = "workspace", redirect_uris = uris } })
		t.equal(bad.status, 400)
	end
end)
