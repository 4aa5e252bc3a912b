-- The event intake: which events it accepts, completes and drops.
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
