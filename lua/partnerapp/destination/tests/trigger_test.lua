-- Triggers: what cannot be read, what surprises, and why an event is not taken. tests/oracle/triggers.test.mjs shows
-- that they take the same events as at Segment.
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"
local trigger = require "partnerapp.destination.trigger"

local function parse(text)
	return assert(trigger.parse(text))
end

local BAD = {
	{ "", 1, 'a term, such as type = "track"' },
	{ "()", 1, 'a term, such as type = "track"' },
	{ 'foo = "a"', 1, 'a term, such as type = "track"' },
	{ "event", 6, "a value after event" },
	{ "(event = 5", 1, "a ) for this (" },
	{ '((event = "a"))', 2, "no parentheses in parentheses" },
	{ 'event = "é', 9, 'a closing "' },
	{ 'event = "é" & x', 13, "a name, a value, an operator or a parenthesis" },
	{ 'event!="a"', 7, "= and white space after !" },
	{ "properties.a<5", 13, "white space after the name a" },
	{ "properties.a < 1.2.3", 19, "a number with one point" },
	{ "properties.a < 1.", 17, "a digit after the point" },
	{ "event \\", 8, "a character after \\" },
	{ "contains(event", 15, "a value in contains()" },
}

testing.case("a trigger that cannot be read: the place in characters, and what was expected there", function(t)
	for _, case in ipairs(BAD) do
		local parsed, message, code = trigger.parse(case[1])
		t.equal(parsed, nil, case[1])
		t.equal(message, ("the trigger cannot be read at character %d: expected %s"):format(case[2], case[3]), case[1])
		t.equal(code, "bad_trigger")
	end
	local _, message, code = trigger.parse((" "):rep(64 << 10) .. "a")
	t.equal(message, "the trigger has 65537 bytes: at most 65536 are read")
	t.equal(code, "bad_trigger")
end)

local WARNINGS = {
	['type = "track" and event = "A" or event = "B"'] = {
		{ 16, 'the last and/or of a level joins all of it: this is read as "or"' },
	},
	['event = "a" and'] = { { 13, 'no term stands after "and"' } },
	['and event = "a"'] = { { 1, 'no term stands before "and"' } },
	['event = "a" AND type = "track"'] = {
		{ 13, "AND is ignored" },
		{ 17, 'and/or is missing before this: it is read as "and"' },
	},
	['!event = "a"'] = { { 1, "! is ignored" } },
	['type = "tracks"'] = { { 8, 'no event has the type "tracks": this never matches' } },
	['event = "a" and event = "b"'] = { { 17, "event cannot be two texts at once: this never matches" } },
	['event is "a"'] = { { 7, "is is not an operator: this never matches" } },
	['event == "a"'] = { { 8, "= is not a value, and is compared as a text" }, { 10, '"a" is ignored' } },
	["event ="] = { { 8, 'a value is missing here, and the text "eos" is compared instead' } },
	["event = 'é'"] = { { 9, 'single quotes are part of the text: write "é"' } },
	["event = word"] = { { 9, 'word is compared as the text "word": write it in double quotes' } },
	["event != null"] = { { 1, 'event is compared with the text "null"' } },
	["name = true"] = { { 1, 'name is compared with the text "true"' } },
	["properties.a != true"] = { { 1, 'properties.a is compared with the text "true"' } },
	["userId = 5"] = { { 1, 'userId is compared with the text "5": the number does not match' } },
	["userId < 5"] = { { 1, "userId is compared as a number, which never matches a string" } },
	['properties.a < "x"'] = { { 16, "this is not a number: the comparison never matches" } },
	['properties.a != "x"'] = { { 1, "this also takes events without properties.a" } },
	["properties.a != 5"] = {
		{ 1, "this does not take events without properties.a, or in which it is not a number" },
	},
	['!contains(event, "x")'] = { { 1, "this does not take events without event" } },
	['match(event, "A*B")'] = {
		{ 14, 'match() without a * at an end means: ends with "*B"' },
	},
	['match(event, "*A*")'] = { { 14, 'only one * at one end has a meaning: this is: begins with "*A"' } },
	['match(event, "**A")'] = { { 14, 'only one * at one end has a meaning: this is: ends with "*A"' } },
	['(contains(event, "A") or event = "B") or type = "page"'] = {
		{ 2, "the ) of contains() ends the parentheses around it: what follows is outside of them" },
		{ 37, ") is ignored" },
	},
	['contains(event, "A"'] = { { 1, "contains() has no )" } },
	['contains(event "A")'] = {
		{ 1, "contains() has no )" },
		{ 1, 'this is not written as contains(name, "text"), and is read by position' },
		{ 19, ") is not a value, and is compared as a text" },
	},
	['type = "track" and contains(type, "x")'] = { { 20, "contains() does not know type, and is ignored" } },
	['event.a = "A"'] = { { 1, "event.a is read as event" } },
	['properties = "A"'] = { { 1, "properties without a path is read as properties.properties" } },
	['event = "A"x or type = "page"'] = {
		{ 11, '"x or type = " is ignored' },
		{ 11, "white space is missing after this quote, which opens another text" },
	},
	['event = "A" and ()'] = { { 17, "these parentheses have no term: Segment fails when it comes to them" } },
	['type = "track" and (event = "A" or properties.total >= 5 or userId != null)'] = {},
	['match(event, "A*") and match(name, "*") and contains(traits.a\\ b, "x") and context.ip = true'] = {},
}

testing.case("what surprises in a trigger has a warning with its place; what is plain has none", function(t)
	for text, wanted in pairs(WARNINGS) do
		local got = {}
		for at, warning in ipairs(parse(text):warnings()) do
			got[at] = { warning.place, warning.message }
		end
		t.same(got, wanted, text)
	end
end)

testing.case("an event that is not taken: the terms that failed, with the wanted and the actual value", function(t)
	local parsed = parse 'type = "track" and event = "Order Completed" and properties.total > 10'
	local event = { type = "track", event = "Signed Up", properties = { total = json.null } }
	t.equal(parsed:matches(event), false)
	t.same(parsed:explain(event), {
		{
			message = 'event is "Signed Up", wanted "Order Completed"',
			place = 20,
			subject = "event",
			operator = "=",
			wanted = "Order Completed",
			actual = "Signed Up",
		},
		{
			message = "properties.total is null, wanted a number above 10",
			place = 50,
			subject = "properties.total",
			operator = ">",
			wanted = 10.0,
			actual = json.null,
		},
	})
	t.same(parsed:explain { type = "track", event = "Order Completed", properties = { total = 11 } }, {})
end)

local REASONS = {
	['event = "a" or (userId != null and traits.a = true)'] = {
		'event is "Zoë", wanted "a"',
		"userId is missing, wanted a value",
		"traits.a is an object, wanted true",
	},
	['match(name, "x*") or !contains(event, "Z")'] = {
		'name is missing, wanted a string that begins with "x"',
		'event is "Zoë", wanted a string without "Z"',
	},
	["event in a"] = { 'event is "Zoë", "in" is not an operator, which never holds' },
	["traits.\\. = 1"] = { "traits.. is not a path: Segment fails at it" },
	['event = "Zoë" and ()'] = { "the parentheses are empty: Segment fails at them" },
}

testing.case("the reasons are sentences, also for groups and for what Segment fails at", function(t)
	for text, wanted in pairs(REASONS) do
		local got = {}
		for at, reason in ipairs(parse(text):explain { event = "Zoë", traits = { a = { b = 1 } } }) do
			got[at] = reason.message
		end
		t.same(got, wanted, text)
	end
end)

testing.case("a long value is cut in a reason, between two characters", function(t)
	local reason = parse('event = "a"'):explain({ event = ("é"):rep(101) })[1]
	t.equal(reason.message, ('event is "%s…", wanted "a"'):format(("é"):rep(100)))
end)
