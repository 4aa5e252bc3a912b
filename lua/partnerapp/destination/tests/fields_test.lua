-- Fields of a definition: what is wrong is said with what was meant; what is right becomes Segment's manifest.
local conditions = require "partnerapp.destination.conditions"
local fields = require "partnerapp.destination.fields"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local testing = require "partnerapp.testing"

local deep = { "a", type = "object" }
deep.properties = { deep }

local value = {}
value.inside = value

local function when(key, operator)
	return { conditions = { { field_key = key, operator = operator or "is", value = "x" } } }
end

-- Each list of fields with the message about it.
local WRONG = {
	{ { { "a", type = "sting" } }, "field 'a': unknown type 'sting': did you mean 'string'?" },
	{ { { "a", type = "Number" } }, "field 'a': unknown type 'Number': did you mean 'number'?" },
	{
		{ { "a" } },
		"field 'a': type is missing: string, text, number, integer, datetime, boolean, password, object",
	},
	{
		{ { "a", type = "string", allowNull = true } },
		"field 'a': unknown option 'allowNull': did you mean 'allow_null'?",
	},
	{ { { "a", type = "string", lable = "A" } }, "field 'a': unknown option 'lable': did you mean 'label'?" },
	{ { { "a", type = "string" }, { "a", type = "text" } }, "field 'a': the name is there twice" },
	{
		{ a = { type = "string" } },
		'fields are a list, without names as keys: a field is { "name", type = "string", … }',
	},
	{
		{ { "a", type = "string" }, b = { type = "string" } },
		'fields are a list, without the key \'b\': a field is { "name", type = "string", … }',
	},
	{ { { type = "string" } }, 'number 1 of the list is not a field: a field is { "name", type = "string", … }' },
	{ { "a" }, 'number 1 of the list is not a field: a field is { "name", type = "string", … }' },
	{ { { "", type = "string" } }, 'number 1 of the list is not a field: a field is { "name", type = "string", … }' },
	{ { { "a", type = "string", label = 5 } }, "field 'a': label is not a string" },
	{ { { "a", type = "string", multiple = "yes" } }, "field 'a': multiple is not true or false" },
	{ { { "a", type = "string", required = "yes" } }, "field 'a': required is true, false or conditions" },
	{
		{ { "a", type = "number", default = "5" } },
		"field 'a': default has the type string, and the field the type number",
	},
	{
		{ { "a", type = "integer", default = 1.5 } },
		"field 'a': default has the type number, and the field the type integer",
	},
	{
		{ { "a", type = "string", default = { x = 1 } } },
		"field 'a': default has the type object, and the field the type string",
	},
	{
		{ { "a", type = "string", multiple = true, default = { "x", 5 } } },
		"field 'a': default has the type number, and the field the type string",
	},
	{
		{ { "a", type = "string", default = json.null } },
		"field 'a': default has the type null, and the field the type string",
	},
	{
		{ { "a", type = "object", default = value } },
		"field 'a': default is nested deeper than 32, or contains itself",
	},
	{
		{ { "a", type = "string", choices = { "x", 5 } } },
		"field 'a': a choice has a value of type number, and the field the type string",
	},
	{
		{ { "a", type = "number", choices = { { label = "One" } } } },
		"field 'a': a choice has a value of type nil, and the field the type number",
	},
	{
		{ { "a", type = "string", choices = { { value = "x", lable = "X" } } } },
		"field 'a': unknown part 'lable' of a choice: did you mean 'label'?",
	},
	{ { { "a", type = "string", choices = { "x", "x" } } }, "field 'a': the choice 'x' is there twice" },
	{
		{ { "a", type = "string", choices = {} } },
		"field 'a': choices is a list of values or of { value = …, label = \"…\" }, and not empty",
	},
	{
		{ { "a", type = "object", choices = { "x" } } },
		"field 'a': choices are for single values, not for objects",
	},
	{ { { "a", type = "string", format = "e-mail" } }, "field 'a': unknown format 'e-mail': did you mean 'email'?" },
	{ { { "a", type = "object", format = "email" } }, "field 'a': format is for strings, not for objects" },
	{ { { "a", type = "number", minimum = "5" } }, "field 'a': minimum is not a number" },
	{
		{ { "a", type = "string", maximum = 1.5 } },
		"field 'a': maximum of a string counts its characters: not below 0, and no fraction",
	},
	{ { { "a", type = "number", minimum = 5, maximum = 3 } }, "field 'a': minimum 5 is above maximum 3" },
	{ { { "a", type = "string", properties = {} } }, "field 'a': properties are for the type object, not for string" },
	{
		{ { "a", type = "object", properties = { { "b", type = "strin" } } } },
		"field 'a.b': unknown type 'strin': did you mean 'string'?",
	},
	{
		{ { "event", type = "string" }, { "a", type = "string", required = when "evnt" } },
		"field 'a': a condition names the field 'evnt', which is not there: did you mean 'event'?",
	},
	{
		{ { "o", type = "object", properties = {} }, { "a", type = "string", depends_on = when "o.x" } },
		"field 'a': a condition names the field 'o.x', which is not there",
	},
	{
		{ { "a", type = "string", depends_on = when("a", "isnot") } },
		"field 'a': unknown operator 'isnot' of a condition: did you mean 'is_not'?",
	},
	{
		{ { "a", type = "string", depends_on = { conditions = { { fieldKey = "a", operator = "is" } } } } },
		"field 'a': unknown part 'fieldKey' of a condition: did you mean 'field_key'?",
	},
	{
		{ { "a", type = "string", required = { conditions = {} } } },
		'field \'a\': conditions are { match = "all", conditions = { { field_key = "…", operator = "is" } } }, and not',
	},
}

testing.case("a wrong field is an error that says what was meant", function(t)
	for _, one in ipairs(WRONG) do
		local read, message, code = fields.read(one[1])
		t.equal(read, nil, one[2])
		t.contains(message, one[2])
		t.equal(code, "bad_definition")
	end
	t.contains(select(2, fields.read { deep }), "properties are nested deeper than 8, or contain themselves")
	t.equal(select(3, fields.read(5)), "bad_definition")
end)

testing.case("a setting has fewer types and options than a field, and no directive", function(t)
	local function message(given)
		return select(2, fields.read({ given }, { setting = true }))
	end
	t.contains(message { "key", type = "integer" }, "field 'key': the type of a setting is not 'integer'")
	t.contains(message { "key", type = "object" }, "the type of a setting is not 'object'")
	t.contains(message { "key", type = "string", dynamic = true }, "a setting has no option 'dynamic'")
	t.contains(message { "key", type = "string", default = { ["@path"] = "$.a" } }, "default of a setting is a value")
	t.truthy(fields.read({ { "key", type = "password", required = true } }, { setting = true }))
end)

testing.case("all problems are reported, in the order of the fields; the twentieth is the last with words", function(t)
	local many = {}
	for i = 1, 10000 do
		many[i] = { "f" .. i, type = "strin", depends_on = when "g" }
	end
	local function lines()
		local list = {}
		for line in select(2, fields.read(many)):gmatch "[^\n]+" do
			list[#list + 1] = line
		end
		return list
	end
	local wrong = lines()
	t.contains(wrong[1], "field 'f1': unknown type")
	t.contains(wrong[20], "field 'f20': unknown type")
	t.equal(wrong[21], "… and 9980 more")
	for _, field in ipairs(many) do
		field.type = "string"
	end
	wrong = lines()
	t.contains(wrong[1], "field 'f1': a condition names the field 'g', which is not there")
	t.equal(wrong[21], "… and 9980 more")
end)

testing.case("10,000 fields with conditions are read, and every name is an ordinary one", function(t)
	local many = {}
	for i = 1, 10000 do
		many[i] = { "f" .. i, type = "string", depends_on = when("f" .. (10001 - i)) }
	end
	t.equal(#t.truthy(fields.read(many)), 10000)
	for _, name in ipairs { "__index", "__order", "__metatable", "constructor", "a/b", "é", "1" } do
		local list = fields.read { { name, type = "string", required = when(name) } }
		t.equal(list and list[1].name, name)
		t.equal(members.names(fields.manifest(list))[1], name)
	end
end)

testing.case("words of a list are checked, and become a list of the manifest", function(t)
	local function read(words)
		return fields.read { { "a", type = "string", label = "A", disabled_input_methods = words } }
	end
	t.contains(
		json.encode(fields.manifest(read { "freeform", "literal" })),
		'"disabledInputMethods":["freeform","literal"]'
	)
	t.contains(select(2, read { "freefrom" }), "unknown disabled_input_methods 'freefrom': did you mean 'freeform'?")
	t.contains(select(2, read "freeform"), "disabled_input_methods is a list of literal, variable")
end)

testing.case("what shows a property may be beside it or in the whole list", function(t)
	local function read(key)
		local condition = { conditions = { { field_key = key, operator = "is", value = "x" } } }
		local inner =
			{ { "kind", type = "string", label = "K" }, { "b", type = "string", label = "B", depends_on = condition } }
		return fields.read {
			{ "o", type = "object", label = "O", properties = inner },
			{ "c", type = "string", label = "C" },
		}
	end
	t.truthy(read "kind")
	t.truthy(read "c")
	t.truthy(read "o.kind")
	t.contains(select(2, read "nothing"), "a condition names the field 'nothing', which is not there")
end)

testing.case("fields become Segment's manifest", function(t)
	local list = fields.read {
		{ "event", type = "string", label = "Event", required = true, default = { ["@path"] = "$.event" } },
		{ "size", type = "number", choices = { 1, { value = 2, label = "Two" } }, allow_null = true, read_only = true },
		{
			"address",
			type = "object",
			additional_properties = true,
			default_object_ui = "keyvalue",
			properties = { { "zip", type = "string", required = when "event" } },
			depends_on = { match = "any", conditions = { { field_key = "size", operator = "is_not" } } },
		},
	}
	local manifest = fields.manifest(list)
	t.same(members.names(manifest), { "event", "size", "address" })
	t.same(
		json.decode(json.encode(manifest)),
		json.decode [[{
		"event": {"label": "Event", "type": "string", "required": true, "default": {"@path": "$.event"}},
		"size": {"type": "number", "allowNull": true, "readOnly": true,
			"choices": [{"value": 1, "label": "1"}, {"value": 2, "label": "Two"}]},
		"address": {"type": "object", "additionalProperties": true, "defaultObjectUI": "keyvalue",
			"properties": {"zip": {"type": "string",
				"required": {"conditions": [{"fieldKey": "event", "operator": "is", "value": "x"}]}}},
			"depends_on": {"match": "any", "conditions": [{"fieldKey": "size", "operator": "is_not"}]}}}]]
	)
end)

local function names_of(list)
	local names = {}
	for i, field in ipairs(list) do
		names[i] = field.name
	end
	return table.concat(names, " ")
end

testing.case("a form shows the fields whose depends_on holds, and no hidden ones", function(t)
	local function condition(key, operator, wanted)
		return { field_key = key, operator = operator, value = wanted }
	end
	local list = t.truthy(fields.read {
		{ "mode", type = "string" },
		{ "o", type = "object", properties = { { "x", type = "string" } } },
		{ "is", type = "string", depends_on = { conditions = { condition("mode", "is", "a") } } },
		{ "one_of", type = "string", depends_on = { conditions = { condition("mode", "is", { "a", "b" }) } } },
		{ "is_not", type = "string", depends_on = { conditions = { condition("mode", "is_not", "a") } } },
		{ "empty", type = "string", depends_on = { conditions = { condition("mode", "is") } } },
		{ "inner", type = "string", depends_on = { conditions = { condition("o.x", "is", "y") } } },
		{
			"any",
			type = "string",
			depends_on = { match = "any", conditions = { condition("mode", "is", "b"), condition("o.x", "is", "y") } },
		},
		{
			"all",
			type = "string",
			depends_on = { conditions = { condition("mode", "is", "a"), condition("o.x", "is", "y") } },
		},
		{ "hidden", type = "string", unsafe_hidden = true },
	})
	local function shown(values)
		return names_of(conditions.shown(list, values))
	end
	t.equal(shown {}, "mode o is_not empty")
	t.equal(shown { mode = json.null }, "mode o is_not empty")
	t.equal(shown { mode = "a" }, "mode o is one_of")
	t.equal(shown { mode = "b" }, "mode o one_of is_not any")
	t.equal(shown { mode = "a", o = { x = "y" } }, "mode o is one_of inner any all")
end)
