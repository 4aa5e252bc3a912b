-- The JSON Schema that Segment makes of fields. What is odd about it is Segment's, and events meet it there: the cases
-- are marked "odd".
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local schema = {}

local TYPES = { text = "string", password = "string" }
local FORMATS = { datetime = "date-like", password = "password", text = "text" }

local function types_of(field)
	if field.type == "datetime" then
		return json.array { "string", "number" }
	end
	return TYPES[field.type] or field.type
end

local function with_null(types)
	local list = type(types) == "table" and json.array { table.unpack(types) } or json.array { types }
	list[#list + 1] = "null"
	return list
end

-- 0 is no limit.
local function limit(value)
	return value ~= 0 and value or nil
end

-- Conditions

-- "object.property"; odd: what comes after a second dot does not count.
local function split(key)
	return key:match "^([^.]*)%.([^.]*)"
end

local function one_property(name, rule)
	local properties = members.new()
	members.set(properties, name, rule)
	return properties
end

local function requires(name, rule)
	return { required = json.array { name }, properties = rule and one_property(name, rule) }
end

-- What a field that is required adds.
local function consequence(key)
	local parent, child = split(key)
	if parent then
		return requires(parent, requires(child))
	end
	return requires(key)
end

-- Odd: a property that is compared with nothing has no rule for its value, so "is" holds for any value and "is_not"
-- for none.
local function compared(condition)
	local rule = { const = condition.value }
	return condition.operator == "is" and rule or { ["not"] = rule }
end

local NULL = { type = "null" }

-- Whether the field has a value. Odd: null is a value when there are several conditions.
local function presence(condition, alone)
	local there, absent = requires(condition.field_key), condition.operator == "is"
	local rule = absent and { ["not"] = there } or there
	if not alone then
		return rule
	end
	local is_null = { properties = one_property(condition.field_key, NULL) }
	if absent then
		return { anyOf = json.array { rule, is_null } }
	end
	return { allOf = json.array { rule, { ["not"] = is_null } } }
end

local function rule_of(condition, alone)
	local parent, child = split(condition.field_key)
	if parent then
		return requires(parent, requires(child, compared(condition)))
	elseif condition.value == nil then
		return presence(condition, alone)
	end
	return requires(condition.field_key, compared(condition))
end

local function implication(key, given)
	if #given.conditions == 1 then
		return { ["if"] = rule_of(given.conditions[1], true), ["then"] = consequence(key) }
	end
	local rules = json.array {}
	for i, condition in ipairs(given.conditions) do
		rules[i] = rule_of(condition, false)
	end
	-- Odd: a property with several conditions is looked for beside its object, under its name with a dot.
	return { ["if"] = { [given.match == "any" and "anyOf" or "allOf"] = rules }, ["then"] = requires(key) }
end

-- Fields

local function is_conditional(field)
	return type(field.required) == "table"
end

local function has_conditional(fields)
	for _, field in ipairs(fields) do
		if is_conditional(field) then
			return true
		end
	end
	return false
end

-- A field whose value is not an object with properties.
local function plain(field)
	local types = types_of(field)
	local made = {
		title = field.label,
		description = field.description,
		type = types,
		format = FORMATS[field.type] or field.format,
		default = field.default,
	}
	if field.type == "string" then
		made.minLength, made.maxLength = limit(field.minimum), limit(field.maximum)
	elseif field.type == "number" then
		made.minimum, made.maximum = limit(field.minimum), limit(field.maximum)
	end
	if field.choices then
		made.enum = json.array {}
		for i, choice in ipairs(field.choices) do
			made.enum[i] = choice.value
		end
	end
	if field.allow_null then
		made.type = with_null(types)
		if made.enum then
			made.enum[#made.enum + 1] = json.null
		end
	end
	if field.multiple then -- odd: format, limits and null do not count for the elements
		made.items = { type = types, enum = made.enum }
		made.type, made.enum = "array", nil
	end
	return made
end

-- The fields in the order that they have as members of an object of JavaScript: a field "2" comes first.
local function in_order(fields)
	local by_name, list = members.new(), {}
	for _, field in ipairs(fields) do
		members.set(by_name, field.name, field)
	end
	for i, name in ipairs(members.names(by_name)) do
		list[i] = by_name[name]
	end
	return list
end

local function of(fields, additional, without_required)
	local made = {
		["$schema"] = "http://json-schema.org/schema#",
		type = "object",
		additionalProperties = additional or false,
		properties = members.new(),
	}
	local required, conditional = json.array {}, members.new()
	for _, field in ipairs(in_order(fields)) do
		local one = plain(field)
		if field.properties then
			-- Odd: with a conditional property, no property is required by itself.
			local inner = of(field.properties, field.additional_properties, has_conditional(field.properties))
			if field.multiple then
				one.items = inner
			else -- odd: allow_null of the object does not count
				for name, rule in pairs(inner) do
					one[name] = rule
				end
			end
			for _, property in ipairs(in_order(field.properties)) do
				if is_conditional(property) then
					members.set(conditional, field.name .. "." .. property.name, property.required)
				end
			end
		end
		members.set(made.properties, field.name, one)
		if field.required == true then
			required[#required + 1] = field.name
		elseif is_conditional(field) then
			members.set(conditional, field.name, field.required)
		end
	end
	if without_required then
		return made
	end
	made.required = required
	for i, key in ipairs(members.names(conditional)) do
		made.allOf = made.allOf or json.array {}
		made.allOf[i] = implication(key, conditional[key])
	end
	return made
end

--- The schema of fields, as tables that are JSON.
---@param fields table[] as destination.fields has them
---@return table
function schema.of(fields)
	return of(fields)
end

return schema
