-- Destination filters: their actions and their API.
local actions = require "filtering.actions"
local json = require "partnerapp.json"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local call = segment.call

local EVENT = {
	type = "track",
	event = "Signed Up",
	userId = "u1",
	properties = { plan = "pro", price = 9.5, tags = json.array { "a", "b" } },
	context = { locale = "日本" },
}

local function filter(list, condition, enabled)
	return { ["if"] = condition or "type = 'track'", actions = list, enabled = enabled ~= false }
end

case("filters drop events and remove fields in Segment's order", function(t)
	local drop = filter { { type = "drop_event" } }
	t.equal(actions.apply(EVENT, { drop }), nil)
	t.equal(actions.apply(EVENT, { filter({ { type = "drop_event" } }, "type = 'page'") }), EVENT)
	t.equal(actions.apply(EVENT, { filter({ { type = "drop_event" } }, nil, false) }), EVENT)
	local list = filter {
		{ type = "whitelist_fields", fields = { properties = { fields = { "plan", "price" } } } },
		{
			type = "blacklist_fields",
			fields = { properties = { fields = { "price" } }, traits = { fields = { "x" } } },
		},
	}
	local left = actions.apply(EVENT, { list })
	t.same(left.properties, { plan = "pro" })
	t.same(left.context, EVENT.context)
	t.equal(EVENT.properties.price, 9.5)
end)

case("filters reach into objects and into the objects of lists", function(t)
	local event = {
		type = "track",
		properties = {
			["a.b"] = 1,
			products = json.array { { id = 1, price = 5 }, { id = 2, price = 6, tags = json.array { "x" } }, "text" },
			details = { color = "red", size = 5 },
			none = json.null,
		},
		context = json.array {},
	}
	local function left(kind, fields)
		local one = filter { { type = kind, fields = fields } }
		return actions.apply(event, { one })
	end
	local after =
		left("blacklist_fields", { properties = { fields = { "products.price", "a.b", "details", "none.x" } } })
	t.same(after.properties, {
		products = json.array { { id = 1 }, { id = 2, tags = json.array { "x" } }, "text" },
		none = json.null,
	})
	after = left("whitelist_fields", { ["properties.details"] = { fields = { "size" } } })
	t.same(after.properties.details, { size = 5 })
	t.equal(#after.properties.products, 3)
	after = left("whitelist_fields", { properties = { fields = { "products.id", "a.b" } } })
	t.same(after.properties, { ["a.b"] = 1, products = json.array { { id = 1 }, { id = 2 }, "text" } })
	t.same(
		left("blacklist_fields", { ["properties.none.x"] = { fields = { "y" } }, traits = { fields = { "z" } } }),
		event
	)
	t.equal(event.properties.products[1].price, 5)
end)

case("an event that a filter keeps back comes with the filter, its condition and the reason", function(t)
	local drop = { { type = "drop_event" } }
	local function reason(condition, list)
		local one = filter(list or drop, condition)
		one.title = "Only some"
		local left, why = actions.apply(EVENT, { one })
		t.equal(left, nil)
		return why
	end
	t.equal(reason "type = 'track'", [[the filter "Only some" drops events with type = 'track']])
	t.equal(
		reason("type = 'track'", { { type = "sample_event", percent = 0 } }),
		[[the filter "Only some" samples 0 % of the events with type = 'track', and this one is not in the sample]]
	)
	t.equal(
		reason "type = ",
		[[the filter "Only some" cannot be read, so that nothing is sent: type = : character 8: a value is missing]]
	)
	t.equal(
		reason "contains( properties.tags, 'a' )",
		[[the filter "Only some" cannot judge the event, so that it is not sent: contains( properties.tags, 'a' ): ]]
			.. "contains takes a string, and properties.tags is a list"
	)
end)

case("a sample has its share of events, and always the same users", function(t)
	local half = filter { { type = "sample_event", percent = 0.5, path = "userId" } }
	local kept = 0
	for i = 1, 400 do
		local event = { type = "track", userId = "user-" .. i }
		local once = actions.apply(event, { half })
		t.equal(actions.apply(event, { half }), once)
		kept = kept + (once and 1 or 0)
	end
	t.truthy(kept > 140 and kept < 260, kept)
	local first = actions.apply({ type = "track", userId = 7 }, { half }) ~= nil
	for _ = 1, 20 do
		t.equal(actions.apply({ type = "track", userId = 7 }, { half }) ~= nil, first)
	end
	t.equal(actions.apply(EVENT, { filter { { type = "sample_event", percent = 0 } } }), nil)
	t.equal(actions.apply(EVENT, { filter { { type = "sample_event", percent = 1 } } }), EVENT)
end)

local function prepared()
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	return client, token, segment.create_destination(client, token, "webhooks") .. "/filters"
end

case("filters are created, changed by mask and deleted", function(t)
	local client, token, path = prepared()
	local wanted = {
		["if"] = "type != 'track'",
		actions = { { type = "drop_event" } },
		title = "Tracks only",
		enabled = true,
	}
	local status, made = call(client, token, "POST", path, { filter = wanted, update_mask = { paths = { "if" } } })
	t.equal(status, 200)
	t.match(made.name, "/filters/df_%w+$")
	t.equal(#made.name:match "df_(%w+)$", 27)
	t.equal(made.title, "Tracks only")
	local _, changed = call(client, token, "PATCH", made.name, {
		filter = { title = "Renamed", enabled = false },
		update_mask = { paths = { "filter.title" } },
	})
	t.equal(changed.title, "Renamed")
	t.equal(changed.enabled, true)
	local _, off = call(client, token, "PATCH", made.name, { filter = {}, update_mask = { paths = { "enabled" } } })
	t.equal(off.enabled, false)
	local _, list = call(client, token, "GET", path)
	t.equal(list.filters[1].name, made.name)
	t.equal(call(client, token, "DELETE", made.name), 200)
	t.equal(call(client, token, "GET", made.name), 404)
end)

case("wrong filters are 400", function(t)
	local client, token, path = prepared()
	local drop = { { type = "drop_event" } }
	for _, bad in ipairs {
		{},
		{ ["if"] = "", actions = drop },
		{ ["if"] = "type =", actions = drop },
		{ ["if"] = "true", actions = {} },
		{ ["if"] = "true", actions = { { type = "explode" } } },
		{ ["if"] = "true", actions = { { type = "sample_event", percent = 2 } } },
		{ ["if"] = "true", actions = { { type = "whitelist_fields" } } },
		{ ["if"] = "true", actions = { { type = "whitelist_fields", fields = { other = { fields = {} } } } } },
		{ ["if"] = "true", actions = drop, title = ("x"):rep(65) },
		{ ["if"] = "true", actions = drop, enabled = "perhaps" },
	} do
		local status, answer = call(client, token, "POST", path, { filter = bad })
		t.equal(status, 400)
		t.equal(answer.code, 3)
	end
	t.equal(call(client, token, "POST", segment.JS .. "/destinations/slack/filters", {}), 404)
end)

case("a preview shows what a filter leaves of an event", function(t)
	local client, token = prepared()
	local asked =
		{ filter = { ["if"] = "type = 'page'", actions = { { type = "drop_event" } } }, payload = { type = "page" } }
	local _, dropped = call(client, token, "POST", "filters/preview", asked)
	t.equal(dropped.filtered_payload, json.null)
	asked.payload.type = "track"
	local _, kept = call(client, token, "POST", "filters/preview", asked)
	t.same(kept.filtered_payload, { type = "track" })
	asked.payload = nil
	t.equal(call(client, token, "POST", "filters/preview", asked), 400)
end)
