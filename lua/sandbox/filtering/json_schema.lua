-- The rules of a tracking plan: JSON Schema, of which these keywords count (A47): type, required, properties,
-- additionalProperties = false, items, enum, const, minimum, maximum, minLength, maxLength.
local deep_equal = require "deep_equal"
local json = require "partnerapp.json"

local json_schema = {}

---@class sandbox.violation
---@field path string[] names from the event down to the value
---@field sentence string

local function is_object(value)
	return type(value) == "table" and value ~= json.null and not json.is_array(value)
end

local function type_of(value)
	if value == nil or value == json.null then
		return "null"
	elseif type(value) == "table" then
		return json.is_array(value) and "array" or "object"
	elseif type(value) == "number" and math.tointeger(value) then
		return "integer"
	end
	return type(value)
end

local function has_type(value, wanted)
	local actual = type_of(value)
	return actual == wanted or actual == "integer" and wanted == "number"
end

local function joined(list)
	local texts = {}
	for i, one in ipairs(list) do
		texts[i] = type(one) == "string" and one or assert(json.encode(one))
	end
	return table.concat(texts, " or ")
end

local keywords = {}

function keywords.type(value, wanted)
	local list = type(wanted) == "table" and wanted or { wanted }
	for _, one in ipairs(list) do
		if has_type(value, one) then
			return nil
		end
	end
	return ("is of type %s, and %s is planned"):format(type_of(value), joined(list))
end

function keywords.enum(value, list)
	for _, one in ipairs(type(list) == "table" and list or {}) do
		if deep_equal(one, value) then
			return nil
		end
	end
	return ("is not one of the planned values: %s"):format(joined(type(list) == "table" and list or {}))
end

function keywords.const(value, wanted)
	return not deep_equal(value, wanted) and "is not the planned value: " .. joined { wanted } or nil
end

local function bound(of, is_wrong, sentence)
	return function(value, limit)
		local size = of(value)
		if size and type(limit) == "number" and is_wrong(size, limit) then
			return sentence:format(json.encode(limit, { javascript = true }))
		end
	end
end

local function number(value)
	return type(value) == "number" and value or nil
end

local function length(value)
	return type(value) == "string" and (utf8.len(value) or #value) or nil
end

local function below(size, limit)
	return size < limit
end

local function above(size, limit)
	return size > limit
end

keywords.minimum = bound(number, below, "is below the planned minimum of %s")
keywords.maximum = bound(number, above, "is above the planned maximum of %s")
keywords.minLength = bound(length, below, "has fewer characters than the planned %s")
keywords.maxLength = bound(length, above, "has more characters than the planned %s")

local ORDER = { "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength" }

local function sorted(object)
	local names = {}
	for name in pairs(object) do
		names[#names + 1] = name
	end
	table.sort(names)
	return names
end

local judge

local function at(path, name)
	local below_it = table.move(path, 1, #path, 1, {})
	below_it[#below_it + 1] = name
	return below_it
end

local function add(list, path, sentence)
	list[#list + 1] = { path = path, sentence = ("%s %s"):format(table.concat(path, "."), sentence) }
end

local function judge_members(list, path, value, schema)
	local planned = is_object(schema.properties) and schema.properties or {}
	for _, name in ipairs(type(schema.required) == "table" and schema.required or {}) do
		if type(name) == "string" and value[name] == nil then
			add(list, at(path, name), "is required and absent")
		end
	end
	for _, name in ipairs(sorted(planned)) do
		if value[name] ~= nil then
			judge(list, at(path, name), value[name], planned[name])
		end
	end
	if schema.additionalProperties == false then
		for _, name in ipairs(sorted(value)) do
			if planned[name] == nil then
				add(list, at(path, name), "is not planned")
			end
		end
	end
end

function judge(list, path, value, schema)
	if not is_object(schema) then
		return
	end
	for _, keyword in ipairs(ORDER) do
		local wanted = schema[keyword]
		local sentence = wanted ~= nil and keywords[keyword](value, wanted)
		if sentence then
			add(list, path, sentence)
			return
		end
	end
	if is_object(value) then
		judge_members(list, path, value, schema)
	elseif type_of(value) == "array" then
		for i, one in ipairs(value) do
			judge(list, at(path, tostring(i - 1)), one, schema.items)
		end
	end
end

--- Where an event breaks a schema.
---@param event table
---@param schema any what is not an object has no rules
---@return sandbox.violation[]
function json_schema.violations(event, schema)
	local list = {}
	judge(list, {}, event, schema)
	return list
end

return json_schema
