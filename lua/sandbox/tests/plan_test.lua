-- What tracking plans and schema configurations make of events.
local json = require "partnerapp.json"
local json_schema = require "filtering.json_schema"
local plans = require "tests.plans"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local webhooks = require "tests.webhooks"

local case = testing.case

-- Sends an event to a source with that configuration: what the hook got, or nil, and the story.
local function sent(config, path, event)
	local send, client, token = webhooks.prepared()
	plans.connect(client, token, plans.RULES, config)
	local network = testing.network { ["POST " .. webhooks.ONE] = { status = 200 } }
	send(path, event)
	return network.calls[1] and network.calls[1].json, webhooks.story(client)
end

local function bought(properties)
	return { userId = "u1", event = "Bought", properties = properties }
end

case("a tracking plan changes nothing until the schema configuration says so", function(t)
	local got = sent({}, "track", bought { price = "9", other = 1 })
	t.same(got.properties, { price = "9", other = 1 })
	t.equal(sent({}, "track", { userId = "u1", event = "Other" }).event, "Other")
end)

case("unplanned properties and traits are taken out", function(t)
	local config = { allow_unplanned_track_event_properties = false }
	local got, story = sent(config, "track", bought { price = 9, other = 1, more = 2 })
	t.same(got.properties, { price = 9 })
	t.equal(story[1].stage, "source")
	t.equal(story[1].sentence, "without the properties more, other: not planned")
	t.equal(story[2].stage, "delivered")
	got = sent(
		{ allow_unplanned_identify_traits = false },
		"identify",
		{ userId = "u1", traits = { email = "abc", x = 1 } }
	)
	t.same(got.traits, { email = "abc" })
	config = { allow_unplanned_group_traits = false }
	got = sent(config, "group", { userId = "u1", groupId = "g", traits = { employees = 9, x = 1 } })
	t.same(got.traits, { employees = 9 })
end)

case("what breaks the plan's rules is taken out, or blocks the event", function(t)
	local omit = { allow_track_properties_on_violations = false, allow_track_event_on_violations = true }
	local got, story = sent(omit, "track", bought { price = -1, plan = "pro" })
	t.same(got.properties, { plan = "pro" })
	t.equal(story[1].sentence, "without the properties price: properties.price is below the planned minimum of 0")
	local block = { allow_track_properties_on_violations = false }
	got, story = sent(block, "track", bought { plan = "gold" })
	t.equal(got, nil)
	t.equal(#story, 1)
	t.equal(story[1].outcome, "schema_violation")
	t.equal(
		story[1].sentence,
		"properties.price is required and absent; properties.plan is not one of the planned values: pro or free"
	)
	t.equal(sent(block, "track", bought { price = 1 }).properties.price, 1)
	got = sent({ allow_identify_traits_on_violations = false }, "identify", { userId = "u1", traits = { email = "a" } })
	t.same(got.traits, {})
	local employees = { userId = "u1", groupId = "g", traits = { employees = 100, name = "n" } }
	t.same(sent({ allow_group_traits_on_violations = false }, "group", employees).traits, { name = "n" })
end)

case("the common rules count after the event's own, for calls of their kind only", function(t)
	local broken = { userId = "u1", event = "Other", context = { app = 7 } }
	local _, story = sent({ common_track_event_on_violations = "BLOCK" }, "track", broken)
	t.equal(story[1].outcome, "common_schema_violation")
	t.truthy(sent({ common_identify_event_on_violations = "BLOCK" }, "track", broken))
	t.truthy(sent({ common_track_event_on_violations = "OMIT_PROPERTIES" }, "track", broken))
	t.truthy(sent({ common_track_event_on_violations = "BLOCK" }, "page", { userId = "u1", context = { app = 7 } }))
end)

case("what is blocked goes to the source that is named for it, and no further", function(t)
	local send, client, token = webhooks.prepared()
	local other = "workspaces/business/sources/blocked"
	local source = { name = other, catalog_name = "catalog/sources/javascript" }
	t.equal(segment.call(client, token, "POST", "workspaces/business/sources", { source = source }), 200)
	plans.connect(client, token, plans.RULES, {
		allow_unplanned_track_events = false,
		forwarding_blocked_events_to = "blocked",
	})
	local network = testing.network { ["POST " .. webhooks.ONE] = { status = 200 } }
	send("batch", {
		batch = json.array {
			{ type = "track", userId = "u1", event = "Other", messageId = "m1" },
			{ type = "track", userId = "u1", event = "Bought", messageId = "m2" },
		},
	})
	t.equal(#network.calls, 1)
	local events = client:get("/_sandbox/events").json().events
	t.equal(#events, 3)
	t.same({ events[1].source, events[1].story[1].outcome }, { segment.JS, "unplanned" })
	t.same({ events[2].source, events[2].story[1].stage }, { segment.JS, "delivered" })
	t.same({ events[3].source, events[3].event.event, events[3].outcomes }, { other, "Other", {} })
end)

case("an event names the version of its rules", function(t)
	local rules = { events = json.array {}, identify = {}, group = {}, global = {} }
	for version = 1, 2 do
		local required = json.array { "of" .. version }
		rules.events[version] = {
			name = "E",
			version = version,
			rules = { properties = { properties = { required = required } } },
		}
	end
	local send, client, token = webhooks.prepared()
	plans.connect(client, token, rules, { allow_track_properties_on_violations = false })
	testing.network { ["POST " .. webhooks.ONE] = { status = 200 } }
	local event = { userId = "u1", event = "E", properties = { of2 = 1 } }
	send("track", event)
	t.equal(webhooks.story(client)[1].outcome, "schema_violation")
	event.context = { protocols = { event_version = 2 } }
	send("track", event)
	t.equal(webhooks.story(client)[1].stage, "delivered")
end)

case("the keywords of a plan's rules", function(t)
	for _, one in ipairs {
		{ '{"type":"string"}', '"x"', true },
		{ '{"type":"string"}', "7", false },
		{ '{"type":["string","null"]}', "null", true },
		{ '{"type":"integer"}', "7.0", true },
		{ '{"type":"integer"}', "7.5", false },
		{ '{"type":"number"}', "7", true },
		{ '{"type":"array"}', "[]", true },
		{ '{"type":"array"}', "{}", false },
		{ '{"type":"object"}', "[]", false },
		{ '{"type":"boolean"}', "false", true },
		{ '{"enum":["a",1,null]}', "null", true },
		{ '{"enum":["a",1,null]}', '"b"', false },
		{ '{"const":{"a":[1]}}', '{"a":[1]}', true },
		{ '{"const":{"a":[1]}}', '{"a":[2]}', false },
		{ '{"minimum":3}', "3", true },
		{ '{"minimum":3}', "2", false },
		{ '{"minimum":3}', '"2"', true },
		{ '{"maximum":3}', "4", false },
		{ '{"minLength":2}', '"日本"', true },
		{ '{"minLength":2}', '"日"', false },
		{ '{"maxLength":2}', '"abc"', false },
		{ '{"minLength":1.5}', '"a"', false },
		{ '{"maxLength":1e300}', '"a"', true },
		{ '{"minLength":1e300}', '"a"', false },
		{ '{"items":{"type":"string"}}', '["a","b"]', true },
		{ '{"items":{"type":"string"}}', '["a",1]', false },
		{ '{"additionalProperties":false,"properties":{"a":{}}}', '{"a":1}', true },
		{ '{"additionalProperties":false,"properties":{"a":{}}}', '{"b":1}', false },
		{ '{"required":["a"]}', '{"a":null}', true },
		{ '{"required":["a"]}', "{}", false },
		{ "true", "7", true },
		{ '{"pattern":"^x"}', '"y"', true },
		{ '{"required":"a","properties":7,"enum":7,"type":"string"}', '"a"', false },
	} do
		local schema, value =
			json.decode('{"properties":{"v":' .. one[1] .. "}}"), json.decode('{"v":' .. one[2] .. "}")
		local violations = json_schema.violations(value, schema)
		t.equal(#violations == 0, one[3], one[1] .. " " .. one[2])
	end
	local limit = json_schema.violations({ v = 1 }, json.decode '{"properties":{"v":{"minimum":12345678}}}')
	t.equal(limit[1].sentence, "v is below the planned minimum of 12345678")
end)
