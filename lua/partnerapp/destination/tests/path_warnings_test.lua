-- Paths that no event has, and what an event lacks.
local definition = require "partnerapp.destination.definition"
local destination = require "partnerapp.destination"
local path_warnings = require "partnerapp.destination.path_warnings"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

-- Path → its warning; "" for none.
local PATHS = {
	["$.userId"] = "",
	["userId"] = "",
	["$."] = "",
	[""] = "",
	["."] = "",
	["$.properties.anything['at all'][0].x"] = "",
	["$.context.page.url"] = "",
	["$.context"] = "",
	["$.integrations.Acme.id"] = "",
	["$"] = 'the whole event is "$." or "", not "$"',
	["$.propertes.total"] = "an event has no propertes: did you mean 'properties'?",
	["$.userid"] = "an event has no userid: did you mean 'userId'?",
	["$.total"] = "an event has no total",
	["$.context.pgae.url"] = "Segment's libraries send no context.pgae: did you mean 'page'?",
	["$.context['ours']"] = "Segment's libraries send no context.ours",
}

for path, wanted in pairs(PATHS) do
	testing.case(("the path '%s' has a warning when no event has it"):format(path), function(t)
		t.equal(path_warnings.path(path) or "", wanted)
	end)
end

testing.case("all paths into the event are looked at, and those of shapes are not", function(t)
	local found = {}
	for i, warning in
		ipairs(path_warnings.of {
			a = { ["@path"] = "$.one" },
			b = {
				["@if"] = {
					exists = { ["@path"] = "two" },
					["then"] = { ["@template"] = "{{three}} {{{four.x}}} {{event}}" },
				},
			},
			c = { ["@arrayPath"] = { "$.five", { id = { ["@path"] = "$.sku" } } } },
			d = { ["@arrayPath"] = { { ["@path"] = "$.six" }, { id = { ["@path"] = "$.sku" } } } },
			e = {
				["@transform"] = { apply = { t = { ["@path"] = "$.seven" } }, mapping = { x = { ["@path"] = "$.t" } } },
			},
			f = { deep = { ["@path"] = "$.one" } },
		})
	do
		found[i] = warning.path
	end
	t.same(found, { "$.five", "$.one", "$.seven", "$.six", "four.x", "three", "two" })
end)

local function acme(mapping)
	local fields = {}
	for name, default in pairs(mapping) do
		fields[#fields + 1] = { name, type = "string", label = name, default = default }
	end
	return destination.new {
		name = "Acme",
		slug = "acme",
		actions = { { "track", trigger = 'type = "track"', fields = fields, perform = function() end } },
	}
end

testing.case("a definition with a path that no event has gets a warning with its line", function(t)
	local one = acme { plan = destination.path "$.propertes.plan" } -- this line
	local warnings = definition.warnings(one)
	t.equal(#warnings, 1)
	t.contains(warnings[1], "action 'track': the path '$.propertes.plan': an event has no propertes")
end)

testing.case("the story says what the event lacks", function(t)
	local event = { type = "track", event = "e", userId = "u", properties = { total = 5, no = false, list = { 1 } } }
	for _, row in ipairs {
		{ "$.properties.total", nil },
		{ "$.properties.no", nil },
		{ "$.properties.totl", "'a' is left out: the event has no properties.totl: did you mean 'total'?" },
		{ "$.context.page.url", "'a' is left out: the event has no context" },
		{ "$.properties.list[3]", "'a' is left out: the event has no properties.list.3" },
		{ "$.event.name", "'a' is left out: the event has no event.name" },
	} do
		local story = stages.run(acme { a = destination.path(row[1]) }, event, {})
		t.same(story.paths[1].stages[2].details, { row[2] }, row[1])
	end
end)
