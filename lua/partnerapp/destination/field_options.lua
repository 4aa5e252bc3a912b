-- What a field of a definition may have: one row for each option, with its name in Lua, its name in Segment's manifest
-- when that is another one, and the kind of its value.
local options = {}

--- Types of a field, and those that a setting may have.
options.TYPES = { "string", "text", "number", "integer", "datetime", "boolean", "password", "object" }
options.SETTING_TYPES = { "boolean", "string", "password", "number" }

--- `kind` names a check of destination/field_checks, or is a list of the words that are allowed. `setting = false`: not
--- for a setting.
options.FIELD = {
	{ "label", kind = "text" },
	{ "description", kind = "text" },
	{ "type", kind = "type" },
	{ "required", kind = "required" },
	{ "multiple", kind = "boolean" },
	{ "allow_null", manifest = "allowNull", kind = "boolean" },
	{ "choices", kind = "choices" },
	{ "default", kind = "default" },
	{
		"format",
		kind = {
			"date",
			"time",
			"date-time",
			"uri",
			"uri-reference",
			"uri-template",
			"email",
			"hostname",
			"ipv4",
			"ipv6",
			"regex",
			"uuid",
			"password",
			"text",
		},
	},
	{ "minimum", kind = "limit" },
	{ "maximum", kind = "limit" },
	{ "properties", kind = "properties", setting = false },
	{ "additional_properties", manifest = "additionalProperties", kind = "boolean", setting = false },
	{ "depends_on", kind = "depends_on" },
	{ "dynamic", kind = "boolean", setting = false },
	{ "placeholder", kind = "text" },
	{ "category", kind = { "identifier", "data", "internal", "config", "sync", "hashedPII" } },
	{ "unsafe_hidden", kind = "boolean" },
	{ "read_only", manifest = "readOnly", kind = "boolean" },
	{
		"default_object_ui",
		manifest = "defaultObjectUI",
		kind = { "keyvalue", "object", "keyvalue:only", "object:only", "arrayeditor" },
		setting = false,
	},
	{ "display_mode", manifest = "displayMode", kind = { "expanded", "normal", "collapsed" } },
	{
		"disabled_input_methods",
		manifest = "disabledInputMethods",
		kind = "words",
		words = { "literal", "variable", "function", "enrichment", "freeform" },
	},
}

--- The parts of conditions, and of one of them.
options.CONDITIONS = { "match", "conditions" }
options.CONDITION = { "field_key", "operator", "value" }
options.OPERATORS = { "is", "is_not" }

--- Whether a word is one of a list.
---@param words string[]
---@param word any
---@return boolean
function options.allows(words, word)
	for _, one in ipairs(words) do
		if one == word then
			return true
		end
	end
	return false
end

--- The row of an option by its Lua name, and the names of all.
options.by_name, options.names, options.setting_names = {}, {}, {}
for _, row in ipairs(options.FIELD) do
	options.by_name[row[1]] = row
	options.names[#options.names + 1] = row[1]
	if row.setting ~= false then
		options.setting_names[#options.setting_names + 1] = row[1]
	end
end

return options
