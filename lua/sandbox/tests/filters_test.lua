-- Destination filters: their language, their actions and their API.
local actions = require "filtering.actions"
local fql = require "filtering.fql"
local json = require "partnerapp.json"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local call = segment.call

local EVENT = {
	type = "track",
	event = "Signed Up",
	userId = "u1",
	active = false,
	empty = json.null,
	properties = { plan = "pro", price = 9.5, ["total billed"] = 830, tags = json.array { "a", "b" } },
	context = { ["user-agent"] = "Firefox", locale = "日本" },
}

local TRUE = {
	"type = 'track'",
	'type = "track"',
	"type != 'page'",
	"!(type = 'page')",
	"active = false",
	"!active",
	"empty = null",
	"nothing = null",
	"nothing.below = null",
	"type.below = null",
	"properties.price > 9",
	"properties.price >= 9.5",
	"properties.price <= 9.5",
	"properties.price < 10 and type = 'track'",
	"type = 'page' or properties.plan = 'pro'",
	"type = 'page' and type = 'page' or type = 'track'",
	"type in ('page', 'track')",
	"type in ['page', 'track']",
	"!(type in ())",
	[[properties.total\ billed = 830]],
	[[context.user\-agent = 'Firefox']],
	"contains(event, 'Up')",
	"contains(event, 'x', 'Signed')",
	"contains(properties.tags, 'b')",
	"contains(nothing, 'x') = false",
	"length(event) = 9",
	"length(context.locale) = 2",
	"length(properties.tags) = 2",
	"length(nothing) = 0",
	"lowercase(event) = 'signed up'",
	"uppercase(properties.plan) = 'PRO'",
	"snakecase(event) = 'signed_up'",
	"kebabcase(event) = 'signed-up'",
	"titlecase('signed up') = 'Signed Up'",
	"typeof(nothing) = 'null'",
	"typeof(properties.price) = 'number'",
	"typeof(properties.tags) = 'list'",
	"match(event, 'Signed*')",
	"match(event, 'S?gned [TU]p')",
	"match(event, '[A-Z]*p')",
	[[match('a*b', 'a\\*b')]],
	"!match(event, 'signed*')",
	"!match(event, 'Signed')",
	"match(nothing, '*') = false",
	"number('12') = 12",
	"string(12) = '12'",
	"bool('true')",
	"'10' != 10",
}

case("FQL: conditions that hold", function(t)
	for _, text in ipairs(TRUE) do
		local condition, problem = fql.compile(text)
		t.truthy(condition, text .. ": " .. tostring(problem))
		t.equal(condition(EVENT), true, text)
	end
end)

case("FQL: conditions that do not hold", function(t)
	for _, text in ipairs {
		"type = 'page'",
		"type",
		"nothing",
		"nothing > 1",
		"nothing <= null",
		"type > 1",
		"properties.price = '9.5'",
		"active",
		"'true'",
		"contains(event, 'up')",
		"match(event, '')",
		"properties.tags.a = 1",
	} do
		t.equal(fql.compile(text)(EVENT), false, text)
	end
end)

case("FQL: conditions that cannot be compiled", function(t)
	for _, text in ipairs {
		"",
		"type =",
		"= 'x'",
		"type = 'x",
		"type == 'x'",
		"(type = 'x'",
		"type = 'x')",
		"type = 'x' 'y'",
		"unknown(type)",
		"type in 'x'",
		"a..b",
		"a. = 1",
		"and",
		"1 + 1",
		"type = 'x' and",
		("("):rep(10000),
		("!"):rep(9000) .. "a",
		("a"):rep(10001),
	} do
		local condition, problem = fql.compile(text)
		t.falsy(condition, text:sub(1, 20))
		t.truthy(#problem > 0)
	end
end)

case("a glob with many stars is matched in a short time", function(t)
	t.equal(fql.compile("match(text, '" .. ("*a"):rep(50) .. "b')") { text = ("a"):rep(500) }, false)
end)

local function filter(list, condition, enabled)
	return { ["if"] = condition or "type = 'track'", actions = list, enabled = enabled ~= false }
end

case("filters drop events and remove fields in Segment's order", function(t)
	local drop = filter { { type = "drop_event" } }
	t.equal(actions.apply(EVENT, { drop }), nil)
	t.equal(actions.apply(EVENT, { filter({ { type = "drop_event" } }, "type = 'page'") }), EVENT)
	t.equal(actions.apply(EVENT, { filter({ { type = "drop_event" } }, nil, false) }), EVENT)
	t.equal(actions.apply(EVENT, { filter({ { type = "drop_event" } }, "type = ") }), nil)
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
