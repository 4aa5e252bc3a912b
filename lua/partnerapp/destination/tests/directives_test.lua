-- Mappings: what the check says, the bounds, and what is not changed. tests/oracle/mappings.test.mjs shows that they
-- make the same payloads and the same problems as at Segment, bounds.test.mjs beside it how much a mapping may make.
local directives = require "partnerapp.destination.directives"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local testing = require "partnerapp.testing"

-- Mappings that are right.
local VALID = {
	"a list as it is",
	'{"a":["x",1,{"@path":"$.b"}]}',
	"a shape of elements",
	'{"a":{"@arrayPath":["$.list",{"id":{"@path":"$.id"},"is":{"@literal":true}}]}}',
	"a directive as the path of elements",
	'{"a":{"@arrayPath":[{"@path":"$.list"}]}}',
	"a condition",
	'{"a":{"@if":{"exists":{"@path":"$.b"},"then":"yes","else":"no"}}}',
	"a condition without else",
	'{"a":{"@if":{"exists":{"@path":"$.b"},"then":1}}}',
	"a condition in a condition",
	'{"a":{"@if":{"exists":{"@path":"$.b"},"then":{"@if":{"blank":{"@path":"$.c"},"then":"c"}}}}}',
	"a path in an object",
	'{"a":{"b":{"c":{"@path":"$.d"}}}}',
	"a path that another gives",
	'{"a":{"@path":{"@path":"$.which"}}}',
	"a replacement in any case",
	'{"a":{"@replace":{"pattern":"x","replacement":"y","ignorecase":true,"value":{"@path":"$.b"}}}}',
	"a replacement by nothing",
	'{"a":{"@replace":{"pattern":"x","value":"axa"}}}',
	"a template",
	'{"a":{"@template":"{{b}} and {{{c}}}"},"_metadata":1}',
	"a directive with metadata",
	'{"a":{"@path":"$.b","_metadata":{"label":"B"}}}',
	"a directive at the root",
	'{"@merge":{"direction":"left","objects":[{"a":1},{"@path":"$.b"}]}}',
	"the root directive",
	'{"__segment_internal_directive":{"@transform":{"apply":{"b":1}}},"a":{"@path":"$.b"}}',
	"a wrong directive in a list",
	'{"a":[{"@unknown":1}]}',
}

-- Mappings that are wrong, and the problems.
local INVALID = {
	'{"a":{"@arrayPath":"$.list"}}',
	"/a/@arrayPath should be an array but it is a string.",
	'{"a":{"@arrayPath":[]}}',
	"/a/@arrayPath should be a string or a mapping directive but it is an undefined.",
	'{"a":{"@if":{"exists":{"@path":{"b":1}},"then":1}}}',
	"/a/@if/exists/@path should be a string or a mapping directive but it is an object.",
	'{"a":{"@if":{"@path":"$.b"}}}',
	"/a/@if should be an object but it is a directive.",
	'{"a":{"@replace":{"value":"x"}}}',
	'/a/@replace should have field "pattern" but it doesn\'t.',
	'{"a":{"@replace":{"pattern":"x"}}}',
	'/a/@replace should have field "value" but it doesn\'t.',
	'{"a":{"@replace":{"pattern":"😀😀😀😀😀a","value":"x"}}}',
	"/a/@replace/pattern should be a string of length 10 or less.",
	'{"a":{"@replace":{"pattern":"","value":"x"}}}',
	"/a/@replace/pattern should be a string of length 1 or greater.",
	'{"a":{"@replace":{"pattern":"x","value":"x","global":"yes"}}}',
	"/a/@replace/global should be a boolean but it is a string.",
	'{"a":{"@replace":{"pattern":"x","value":"x","ignorecase":1}}}',
	"/a/@replace/ignorecase should be a boolean but it is a number.",
	'{"a":{"@template":5}}',
	"/a/@template should be a string or a mapping directive but it is a number.",
	'{"a":{"@path":"$.b","c":1}}',
	"/a should only have one @-prefixed key but it has 2 keys.",
	'{"a":{"@path":"$.b","@template":"x"}}',
	"/a should only have one @-prefixed key but it has 2 keys.",
	'{"a":{"b":{"@unknown":1}}}',
	"/a/b has an invalid directive: @unknown.",
	'{"a":{"@json":{"value":"x","mode":"quote"}}}',
	'/a/@json/mode should be one of encode, decode but it is "quote".',
	'{"a":{"@merge":{"direction":"up","objects":1}}}',
	'/a/@merge/direction should be one of left, right but it is "up".\n'
		.. "/a/@merge/objects should be an array but it is a number.",
	'{"a":{"@merge":{"objects":[1]}}}',
	"/ should be a object or a mapping directive but it is a number.",
	'{"a":{"@path":1},"b":{"c":{"@template":null},"d":{"@case":{"value":[]}}}}',
	"/a/@path should be a string or a mapping directive but it is a number.\n"
		.. "/b/c/@template should be a string or a mapping directive but it is a null.\n"
		.. "/b/d/@case/value should be a string or a mapping directive but it is an array.",
	'{"a":{"@liquid":"{{ b }}"}}',
	"/a/@liquid has a Liquid template, which partnerapp does not resolve yet.",
	'{"a":{"@liquid":1}}',
	"/a/@liquid should be a string but it is a number.",
	'{"__segment_internal_directive":{"@path":"a","@json":1}}',
	"The root mapping must only have a single directive object",
	'{"__segment_internal_directive":{"@path":"a"}}',
	"The root directive must be an object",
}

testing.case("the check of a mapping finds nothing in right ones", function(t)
	for at = 1, #VALID, 2 do
		local fine, message = directives.check(assert(json.decode(VALID[at + 1])))
		t.equal(message, nil, VALID[at])
		t.equal(fine, true, VALID[at])
	end
end)

testing.case("the check of a mapping finds every problem, with its path", function(t)
	for at = 1, #INVALID, 2 do
		local mapping = assert(json.decode(INVALID[at]))
		local fine, message, code = directives.check(mapping)
		t.equal(fine, nil)
		t.equal(message, INVALID[at + 1])
		t.equal(code, "bad_mapping")
		local payload, again, code_again = directives.resolve(mapping, {})
		t.equal(payload, nil)
		t.equal(again, message)
		t.equal(code_again, code)
	end
	local _, message, code = directives.check(json.array())
	t.equal(message, "the mapping is array, not an object")
	t.equal(code, "bad_mapping")
end)

testing.case("what is wrong in a list fails when it is resolved", function(t)
	for mapping, message in pairs {
		['[{"@unknown":1}]'] = "@unknown is not a valid directive, got undefined",
		['[{"@path":1}]'] = "@path: expected string, got number",
		['[{"@liquid":"x"}]'] = "@liquid has a Liquid template, which partnerapp does not resolve yet",
		['[{"@case":{"operator":"title","value":"x"}}]'] = 'operator key should have a value of "lower" or "upper"',
		['[{"@transform":{"apply":{"a":1},"mapping":{"@transform":{"apply":{},"mapping":{"@path":"$.b"}}}}}]'] = false,
	} do
		local payload, got, code = directives.resolve({ a = json.decode(mapping) }, {})
		t.equal(got, message or nil, mapping)
		t.equal(code, message and "mapping_failed" or nil)
		t.equal(payload == nil, message ~= false)
	end
	local _, message, code = directives.resolve({ a = 1 }, json.array())
	t.equal(message, "data must be an object, got array")
	t.equal(code, "mapping_failed")
end)

testing.case("the payload is a copy in the order of the mapping and of the event", function(t)
	local event = setmetatable({ z = 1, a = { 1, json.null } }, { __order = { "z", "a" } })
	local mapping = setmetatable({
		m = { ["@path"] = "" },
		b = { ["@merge"] = { direction = "right", objects = { { ["@path"] = "" }, { y = 1, z = 2 } } } },
		none = { ["@path"] = "$.none" },
	}, { __order = { "none", "m", "b" } })
	local payload = assert(directives.resolve(mapping, event))
	t.same(members.names(payload), { "m", "b" })
	t.same(members.names(payload.m), { "z", "a" })
	t.same(members.names(payload.b), { "z", "a", "y" })
	t.equal(payload.b.z, 2)
	payload.m.a[1] = 5
	t.equal(event.a[1], 1)
	t.equal(mapping.none["@path"], "$.none")
end)

testing.case("the root directive gets the other members as its mapping, false ones too", function(t)
	local mapping = {
		__segment_internal_directive = { ["@transform"] = { apply = { b = { ["@path"] = "$.user.id" } } } },
		user = { ["@path"] = "$.b" },
		list = { false, { ["@path"] = "$.none" }, 0 },
		off = false,
	}
	t.same(
		directives.resolve(mapping, { user = { id = 7 } }),
		{ user = 7, list = { false, json.null, 0 }, off = false }
	)
	t.equal(mapping.__segment_internal_directive["@transform"].mapping, nil)
end)

-- A mapping in which one is put into the next.
local function nested(times, first, wrap)
	local mapping = first
	for _ = 1, times do
		mapping = wrap(mapping)
	end
	return { a = mapping }
end

local function refused(t, code, mapping, event)
	local payload, message, got = directives.resolve(mapping, event or {})
	t.equal(payload, nil)
	t.truthy(message)
	t.equal(got, code)
end

testing.case("a mapping or an event that holds itself, or is nested deeper than 100, is an error", function(t)
	local loop = {}
	loop.a = { b = loop }
	refused(t, "too_deep", loop)
	refused(t, "too_deep", { a = { ["@path"] = "" } }, loop)
	refused(t, "too_deep", { a = { ["@flatten"] = { separator = ".", value = { ["@path"] = "" } } } }, loop)
	refused(t, "too_deep", { a = { ["@json"] = { mode = "encode", value = { ["@path"] = "" } } } }, loop)
	refused(t, "too_deep", { a = { ["@excludeWhenNull"] = { ["@path"] = "" } } }, loop)
	local list = { 1 }
	list[2] = list
	refused(t, "too_deep", { a = list })
	refused(t, "too_deep", { a = { ["@path"] = "$.list" } }, { list = list })
	t.same(directives.resolve({ a = { ["@template"] = "{{list}}" } }, { list = list }), { a = "1," })
	refused(
		t,
		"too_deep",
		nested(100, 1, function(inner)
			return { ["@literal"] = inner }
		end)
	)
	t.truthy(directives.resolve(
		nested(40, 1, function(inner)
			return { ["@literal"] = { b = inner } }
		end),
		{}
	))
end)

testing.case("a mapping that is checked twice at each level would take 2^40 steps; it takes 40", function(t)
	local mapping = nested(40, "x", function(inner)
		return { ["@if"] = { exists = 1, ["then"] = inner } }
	end)
	t.same(directives.resolve(mapping, {}), { a = "x" })
end)

testing.case("@json decodes what JSON.parse takes, and nothing with a byte order mark", function(t)
	for text, wanted in pairs {
		['{"a":1,"b":2,"a":3}'] = '{"v":{"a":3,"b":2}}',
		["false"] = '{"v":false}',
		["{'a':1}"] = [[{"v":"{'a':1}"}]],
		['\u{feff}{"a":1}'] = '{"v":"\u{feff}{\\"a\\":1}"}',
	} do
		local mapping = { v = { ["@json"] = { mode = "decode", value = { ["@path"] = "$.text" } } } }
		t.equal(json.encode(directives.resolve(mapping, { text = text }), { javascript = true }), wanted)
	end
end)
