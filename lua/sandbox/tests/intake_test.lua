-- The event intake: which events it accepts, completes and drops.
local config = require "partnerapp.config"
local crypto = require "partnerapp.crypto"
local delivery = require "events.delivery"
local iso8601 = require "events.iso8601"
local json = require "partnerapp.json"
local segment = require "tests.segment"
local spec = require "events.spec"
local testing = require "partnerapp.testing"
local webhooks = require "tests.webhooks"

local case = testing.case
local JS = segment.JS
local ONE, prepared, outcome = webhooks.ONE, webhooks.prepared, webhooks.outcome

case("a batch has context and integrations for its events; those of an event come first", function(t)
	local send = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	local response = send("batch", {
		context = { ip = "1.2.3.4", locale = "en" },
		integrations = { All = true },
		batch = json.array {
			{ type = "track", userId = "u1", event = "E", context = { locale = "fr" } },
			{ type = "identify", userId = "u1" },
			{ type = "track", userId = "u1", event = "F", integrations = { All = false } },
			{ type = "track", userId = "u1" },
			{ type = "other", userId = "u1" },
			{ userId = "u1" },
			7,
		},
	})
	t.equal(response.status, 200)
	t.equal(#network.calls, 2)
	t.same(network.calls[1].json.context, { ip = "1.2.3.4", locale = "fr" })
	t.same(network.calls[2].json.context, { ip = "1.2.3.4", locale = "en" })
end)

case("events that cannot be used are 200 and dropped, with Segment's code", function(t)
	local send, client = prepared()
	testing.network {}
	for path, one in pairs {
		track = { { event = "E" }, "no_user_anon_id" },
		identify = { { userId = 7 }, "id_not_string" },
		group = { { userId = "u1" }, "id_required" },
		alias = { { userId = "u1", previousId = 7 }, "id_not_string" },
		screen = { { userId = "u1", name = "" }, "name_not_string" },
	} do
		t.equal(send(path, one[1]).status, 200, path)
		t.same(outcome(client), { dropped = one[2] }, path)
	end
	t.equal(send("batch", { batch = json.array { { type = "delete", userId = "u1" } } }).status, 200)
	t.same(outcome(client), { dropped = "bad_request" })
end)

case("the write key is the user of Basic, or in the body", function(t)
	local _, client, _, write_key = prepared()
	testing.network {}
	t.equal(client:post("/v1/track", { json = { userId = "u1", event = "E" } }).status, 200)
	t.same(outcome(client), { dropped = "unknown_source" })
	t.equal(client:post("/v1/track", { json = { writeKey = "other", userId = "u1", event = "E" } }).status, 200)
	t.same(outcome(client), { dropped = "unknown_source" })
	t.equal(client:post("/v1/track", { json = { writeKey = write_key, event = "E" } }).status, 200)
	t.same(outcome(client), { dropped = "no_user_anon_id" })
end)

case("the same messageId is delivered once", function(t)
	local send, client = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	for _ = 1, 2 do
		send("track", { userId = "u1", event = "E", messageId = "m1" })
	end
	t.equal(#network.calls, 1)
	t.same(outcome(client), { dropped = "duplicate" })
	local twice = { type = "track", userId = "u1", event = "E", messageId = "m2" }
	send("batch", { batch = json.array { twice, twice } })
	t.equal(#network.calls, 2)
end)

case("a body that is not JSON or is too large is 400", function(t)
	local send, client = prepared()
	testing.network {}
	local kind = { ["content-type"] = "application/json" }
	for _, body in ipairs { "", "{", "[]", "7", "{'a':1}" } do
		t.equal(client:post("/v1/track", { body = body, headers = kind }).status, 400, body)
	end
	t.equal(client:post("/v1/track", { form = { a = "b" } }).status, 400)
	t.equal(send("track", { userId = "u1", event = ("x"):rep(33000) }).status, 400)
	local many = json.array {}
	for i = 1, 2501 do
		many[i] = { type = "page", userId = "u" }
	end
	t.equal(send("batch", { batch = many }).status, 400)
	t.equal(send("batch", { batch = json.array { { type = "page", userId = ("x"):rep(33000) } } }).status, 400)
	t.equal(send("batch", { batch = "x" }).status, 400)
	t.equal(client:get("/v1/track").status, 405)
	t.equal(client:post("/v1/delete", { json = {} }).status, 404)
end)

-- A batch with one event, packed with gzip.
local PACKED = crypto.unbase64(
	"H4sIAAAAAAACA6tWSkosSc5QsoquViqpLEhVslIqKUpMzlbSUSotTi3yTAEKlBoCeallqXkl" .. "QE4AUDI1RSEq//BqpdrYWgAQI4tVQAAAAA=="
)

-- The sentence of the last event's first entry.
local function sentence(client)
	return webhooks.story(client)[1].sentence
end

case("a body that is not packed as it says is 400, and so is one that unpacks to too much", function(t)
	local send, client, _, key = prepared()
	local bomb = require "control.bomb"()
	for body, encoding in pairs {
		["{}"] = "gzip",
		[PACKED:sub(1, -2)] = "gzip",
		[PACKED .. "x"] = "GZIP",
		[PACKED] = "br",
		[bomb] = "gzip",
		[""] = "gzip",
	} do
		local headers = { ["content-type"] = "application/json", ["content-encoding"] = encoding }
		headers.authorization = segment.basic(key, "").authorization
		local response = client:post("/v1/batch", { body = body, headers = headers })
		t.equal(response.status, 400)
		t.equal(response.json().success, false)
	end
	t.equal(send("batch", { batch = json.array { { type = "track", userId = "u1" } } }).status, 200)
end)

case("a pixel that cannot be read is an image all the same, and the events say why", function(t)
	local _, client = prepared()
	testing.network {}
	for query, why in pairs {
		[""] = "the address has no data: ?data= and the event's JSON in base64",
		["?data="] = "the address has no data: ?data= and the event's JSON in base64",
		["?data=%25"] = "data is not base64",
		["?data=e30x"] = "bad JSON at line 1, column 3: ", -- {}1
		["?data=W10"] = "the JSON must be an object", -- []
		["?data=e30"] = "the request has no write key: neither as the user of Basic nor as writeKey", -- {}
	} do
		local response = client:get("/v1/pixel/track" .. query)
		t.equal(response.status, 200)
		t.equal(response.headers["content-type"], "image/gif")
		t.match(response.body, "^GIF89a")
		t.equal(#response.body, 43)
		t.equal(sentence(client):sub(1, #why), why, query)
	end
	t.equal(client:get("/v1/pixel/delete").status, 404)
	t.equal(client:post("/v1/pixel/track").status, 405)
end)

case("a wrong address says which one is meant, also in the list of requests", function(t)
	local _, client = prepared()
	for path, message in pairs {
		["/v1/v1/batch"] = "there is no /v1/v1/batch: did you mean /v1/batch? The host of this library is to be told without "
			.. "/v1.",
		["/track"] = "there is no /track: did you mean /v1/track?",
		["/pixel/track"] = "there is no /pixel/track: did you mean /v1/pixel/track?",
		["/t"] = ("there is no /t: did you mean /v1/t? apiHost of analytics.js is %s/v1, with /v1 at its end."):format(
			(config.public_url:gsub("^%a+://", ""))
		),
		["/v1/tracks"] = "there is no /v1/tracks: did you mean '/v1/track'?",
		["/v1/bulk/everything"] = "There is nothing at this address.",
		["/nothing"] = "There is nothing at this address.",
	} do
		for _, method in ipairs { "POST", "OPTIONS" } do
			local response = client:request(method, path, { headers = { accept = "application/json" } })
			local value = response.json()
			t.equal(response.status, 404, path)
			t.equal(value.message or value.error, message)
		end
		local list = client:get("/_sandbox/requests").json().requests
		t.equal(list[#list].warning, message:find "^there is no" and message or nil)
	end
end)

case("no write key, or a wrong one, gets an event into the list only, whatever sends it", function(t)
	local _, client = prepared()
	local network = testing.network {}
	local event = { userId = "u1", event = "E" }
	local wrong = { userId = "u1", event = "E", writeKey = "guessed" }
	local text = { ["content-type"] = "text/plain", origin = "https://evil.example", ["sec-fetch-site"] = "cross-site" }
	for _, one in ipairs { event, wrong } do
		local batch = json.encode { batch = { one }, writeKey = one.writeKey }
		local data = crypto.base64url(json.encode(one))
		for _, response in ipairs {
			client:post("/v1/t", { body = json.encode(one), headers = text }),
			client:post("/v1/b", { body = batch, headers = text }),
			client:get("/v1/pixel/track?data=" .. data, { headers = text }),
		} do
			t.equal(response.status, 200)
			t.same(outcome(client), { dropped = "unknown_source" })
		end
	end
	t.equal(#network.calls, 0)
end)

case("the addresses of analytics.js are those of the calls", function(t)
	local _, client, _, key = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	for path, event in pairs {
		a = { type = "alias", userId = "u1", previousId = "u0" },
		g = { type = "group", userId = "u1", groupId = "g1" },
		i = { type = "identify", userId = "u1" },
		p = { type = "page", userId = "u1" },
		s = { type = "screen", userId = "u1", name = "S" },
		t = { type = "track", userId = "u1", event = "E" },
	} do
		event.writeKey = key
		local headers = { ["content-type"] = "text/plain;charset=UTF-8" }
		local response = client:post("/v1/" .. path, { body = json.encode(event), headers = headers })
		t.equal(response.status, 200, path)
		t.equal(response.json().success, true, path)
		t.equal(network.calls[#network.calls].json.type, event.type)
		t.equal(network.calls[#network.calls].json.writeKey, nil)
	end
	t.equal(#network.calls, 6)
end)

case("batches come to /v1/b and /v1/import too, also packed", function(t)
	local _, client, _, key = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	local headers = segment.basic(key, "")
	headers["content-type"], headers["content-encoding"] = "application/json", "gzip"
	for i, path in ipairs { "batch", "b", "import" } do
		t.equal(client:post("/v1/" .. path, { body = PACKED, headers = headers }).status, 200, path)
		t.equal(#network.calls, i)
		t.equal(network.calls[i].json.event, "Packed Zoë")
	end
end)

case("the write key of a request is its Basic user, else that of its object; OAuth has the latter", function(t)
	local _, client, _, key = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	local event = { type = "track", userId = "u1", event = "E" }
	local with_key = { batch = { event }, writeKey = key }
	for i, one in ipairs {
		{ { batch = { event } }, segment.basic(key, "") },
		{ { batch = { event }, writeKey = "other" }, segment.basic(key, "") },
		{ with_key, {} },
		{ with_key, segment.basic("", "") },
		{ with_key, segment.bearer "token.of.oauth" },
	} do
		client:post("/v1/batch", { json = one[1], headers = one[2] })
		t.equal(#network.calls, i)
	end
end)

case("a pixel is taken, in each form of base64; HEAD takes nothing", function(t)
	local _, client, _, key = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	-- "?>" and "~~" make the characters in which the two alphabets differ.
	local event = json.encode { userId = "u1", event = "Opened ?>?>~~~~ë", writeKey = key }
	for i, data in ipairs {
		(crypto.base64(event):gsub("[+/=]", { ["+"] = "%2B", ["/"] = "%2F", ["="] = "%3D" })),
		crypto.base64(event),
		crypto.base64url(event),
	} do
		local path = "/v1/pixel/track?data=" .. data
		t.equal(client:request("HEAD", path).status, 200)
		t.equal(#network.calls, i - 1)
		t.equal(client:get(path).status, 200)
		t.equal(#network.calls, i)
		t.equal(network.calls[i].json.event, "Opened ?>?>~~~~ë")
		t.equal(network.calls[i].json.type, "track")
	end
end)

case("the counts of analytics.js are taken and not kept", function(t)
	local _, client = prepared()
	local headers = { ["content-type"] = "text/plain" }
	t.equal(client:post("/v1/m", { body = '{"series":[]}', headers = headers }).status, 200)
	t.equal(#client:get("/_sandbox/events").json().events, 0)
end)

case("HT-22 a page of any origin may send events without credentials, and reach nothing else", function(t)
	local _, client, _, key = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	local asked = {
		origin = "https://shop.example",
		["access-control-request-method"] = "POST",
		["access-control-request-headers"] = "authorization,content-type,x-retry-count",
	}
	for _, path in ipairs { "/v1/t", "/v1/track", "/v1/b", "/v1/m" } do
		local headers = client:request("OPTIONS", path, { headers = asked }).headers
		t.equal(headers["access-control-allow-origin"], "*", path)
		t.equal(headers["access-control-allow-methods"], "OPTIONS, POST", path)
		t.equal(headers["access-control-allow-headers"], "authorization,content-type,x-retry-count", path)
		t.equal(headers["access-control-allow-credentials"], nil, path)
		t.equal(headers["access-control-allow-private-network"], nil, path)
	end
	asked["access-control-request-private-network"] = "true"
	asked["access-control-request-headers"] = "x\rset-cookie"
	local headers = client:request("OPTIONS", "/v1/t", { headers = asked }).headers
	t.equal(headers["access-control-allow-private-network"], "true")
	t.equal(headers["access-control-allow-headers"], nil)
	local from = segment.basic(key, "")
	from.origin, from["sec-fetch-site"] = "https://shop.example", "cross-site"
	for path, status in pairs { ["/v1/t"] = 200, ["/v1/b"] = 400 } do -- a refusal can be read too
		local response = client:post(path, { json = { userId = "u1", event = "E" }, headers = from })
		t.equal(response.status, status, path)
		t.equal(response.headers["access-control-allow-origin"], "*", path)
	end
	for _, path in ipairs { "/", "/v1beta/workspaces", "/_sandbox/events", "/oauth2/token" } do
		for _, method in ipairs { "OPTIONS", "GET" } do
			local answer = client:request(method, path, { headers = asked })
			t.equal(answer.headers["access-control-allow-origin"], nil, path)
		end
	end
end)

case("a hook that cannot be called does not break the intake", function(t)
	local send, client = prepared { hooks = { { hook = "no url" } } }
	t.equal(send("track", { userId = "u1", event = "E" }).status, 200)
	t.match(outcome(client).webhooks, "^errors%.")
end)

case("the time of an event is by the server's clock", function(t)
	t.equal(iso8601.parse "2012-12-02T00:30:08.276Z", 1354408208276)
	t.equal(iso8601.parse "2012-12-02T01:30:08+01:00", 1354408208000)
	t.equal(iso8601.parse "2000-02-29T00:00:00Z", 951782400000)
	t.equal(iso8601.parse "1970-01-01T00:00:00.5Z", 500)
	for _, bad in ipairs { "", "now", "2012-13-01T00:00:00Z", "2012-12-02", 7 } do
		t.equal(iso8601.parse(bad), nil)
	end
	local event = spec.complete {
		sentAt = "2012-12-02T00:30:10.000Z",
		originalTimestamp = "2012-12-02T00:30:08.000Z",
	}
	t.equal(iso8601.parse(event.receivedAt) - iso8601.parse(event.timestamp), 2000)
	t.equal(spec.complete({ timestamp = "2012-12-02T00:30:08.276Z" }).timestamp, "2012-12-02T00:30:08.276Z")
end)

case("without destinations an event is not delivered", function(t)
	segment.fresh()
	local taken = { event = { type = "track" }, outcomes = {}, story = {} }
	t.same(delivery.deliver(JS, { taken }), {})
	t.same(taken, { event = { type = "track" }, outcomes = {}, story = {} })
end)

case("TO-01 an event may have a name twice, a byte order mark in front or a cut emoji in a name", function(t)
	local _, client, _, write_key = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	local headers = segment.basic(write_key, "")
	headers["content-type"] = "application/json"
	local function properties_of(text)
		local response = client:post("/v1/track", { body = text, headers = headers })
		t.equal(response.status, 200, response.body)
		local list = client:get("/_sandbox/events").json().events
		return list[#list].event.properties
	end
	local event = '%s{"userId":"u1","event":"E","properties":{%s}}'
	t.same(properties_of(event:format("\u{feff}", '"a":1')), { a = 1 })
	t.same(properties_of(event:format("", '"a":1,"b":2,"a":3')), { a = 3, b = 2 })
	t.same(properties_of(event:format("", [["x\ud83d":"\ud83d"]])), { ["x\u{fffd}"] = "\u{fffd}" })
	local response = client:post("/v1/track", { body = event:format("", '"a":NaN'), headers = headers })
	t.equal(response.status, 400)
	t.contains(response.body, "line 1, column 46: NaN and Infinity are not JSON")
end)
