-- Wrong definitions raise, with one line for each problem and what was meant.
local customer_settings = require "partnerapp.destination.customer_settings"
local destination = require "partnerapp.destination"
local testing = require "partnerapp.testing"

local function action(parts)
	local one = { "track", trigger = 'type = "track"', fields = {}, perform = print }
	for name, value in pairs(parts) do
		one[name] = value
	end
	return { name = "Acme", actions = { one } }
end

local CASES = {
	{ "text", "a destination is defined by a table, not a string" },
	{ {}, "the destination: name is missing" },
	{ { name = 5 }, "name is a number, and must be a string" },
	{ { name = "A", setings = {} }, "unknown part 'setings': did you mean 'settings'?" },
	{
		{ name = "A", settings = { { "k", type = "sting" } } },
		"settings: field 'k': unknown type 'sting': did you mean 'string'?",
	},
	{ { name = "A", authentication = { scheme = "oauth" } }, "unknown scheme 'oauth': did you mean 'oauth2'?" },
	{ { name = "A", refresh_access_token = print }, nil },
	{ { name = "A", actions = { track = {} } }, "actions is a list" },
	{ { name = "A", actions = { {} } }, "number 1 of actions is not an action" },
	{ action { perform = false }, "perform is a boolean, and must be a function" },
	{ action { trigger = 'type = "track' }, "the trigger cannot be read" },
	{
		action { fields = { { "x", type = "string", default = 5 } } },
		"default has the type number, and the field the type string",
	},
	{
		action {
			fields = { { "x", type = "string", required = { conditions = { { field_key = "yy", operator = "is" } } } } },
		},
		"names the field 'yy'",
	},
	{ action { fields = { { "__index", type = "string" } } }, nil },
	{
		action { fields = { { "x", type = "string", default = { ["@path"] = 5 } } } },
		"action 'track': defaults: /x/@path should be a string",
	},
	{ action { fields = { { "x", type = "string", default = { ["@liquid"] = "{{x}}" } } } }, "@liquid" },
	{ action { dynamic_fields = { nope = print } }, "dynamic_fields names no field 'nope'" },
	{
		{ name = "A", presets = { { name = "p", action = "x", trigger = 'type = "track"', mapping = {} } } },
		"there is no action 'x'",
	},
}

testing.case("each wrong definition says what is wrong and what was meant", function(t)
	for i, case in ipairs(CASES) do
		local fine, message = pcall(destination.new, case[1])
		t.equal(fine, case[2] == nil, ("case %d: %s"):format(i, tostring(message)))
		if case[2] then
			t.contains(message, case[2])
		end
	end
end)

testing.case("two actions of one name, ten thousand fields and a cycle are told or read", function(t)
	local fine, message =
		pcall(destination.new, { name = "A", actions = { action({}).actions[1], action({}).actions[1] } })
	t.equal(fine, false)
	t.contains(message, "the name is there twice")
	local many = {}
	for i = 1, 10000 do
		many[i] = { "f" .. i, type = "string" }
	end
	t.equal(#destination.new(action { fields = many }).actions.track.fields, 10000)
	local circle = { "x", type = "object" }
	circle.properties = { circle }
	fine, message = pcall(destination.new, action { fields = { circle } })
	t.equal(fine, false)
	t.contains(message, "nested deeper")
end)

testing.case("settings have names in .env, which are never those of the server", function(t)
	t.equal(customer_settings.env_name("acme", "apiKey"), "ACME_API_KEY")
	t.equal(customer_settings.env_name("acme", "api_key"), "ACME_API_KEY")
	t.equal(customer_settings.env_name("google-analytics", "trackingID"), "GOOGLE_ANALYTICS_TRACKING_ID")
	t.equal(customer_settings.env_name("customer.io", "siteId"), "CUSTOMER_IO_SITE_ID")
	local one = destination.new {
		name = "A",
		slug = "acme",
		settings = { { "apiKey", type = "string" }, { "api_key", type = "string" } },
	}
	t.contains(customer_settings.problems(one)[1], "are both ACME_API_KEY")
end)

testing.case("the values of settings: given, else their defaults, read as their type", function(t)
	local one = destination.new {
		name = "A",
		slug = "acme",
		settings = {
			{ "on", type = "boolean" },
			{ "count", type = "number", default = 3 },
			{ "region", type = "string", default = "us" },
			{ "key", type = "password" },
		},
	}
	local values, from = customer_settings.values(one, { on = "true", count = "7", key = "secret-of-a-test" })
	t.same(values, { on = true, count = 7, region = "us", key = "secret-of-a-test" })
	t.same(from, { on = "given", count = "given", region = "its default", key = "given" })
end)

testing.case("a destination without enable says so to the flow that calls it", function(t)
	local without = destination.new { name = "Acme", slug = "acme" }
	local message = t.raises(function()
		return without.enable {}
	end)
	t.match(message, "^%S+%.lua:%d+: 'acme' has no enable: enable = function%(env%)")
	t.equal(without.on_delete, nil)
end)
