-- Conditions on other fields: when a field is required, and when a form shows it.
local field_options = require "partnerapp.destination.field_options"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"

local conditions = {}

local function is_scalar(value)
	return value == json.null or type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end

local function is_list_of_scalars(value)
	if type(value) ~= "table" or members.is_object(value) then
		return false
	end
	for _, one in ipairs(value) do
		if not is_scalar(one) then
			return false
		end
	end
	return true
end

local function check_parts(given, known, what, complain)
	for _, name in ipairs(members.names(given)) do
		if not field_options.allows(known, name) then
			complain("unknown part '%s' of %s%s", name, what, nearest(name, known))
		end
	end
end

local function check_one(condition, complain)
	if not members.is_object(condition) then
		return complain 'a condition is { field_key = "…", operator = "is", value = … }'
	end
	check_parts(condition, field_options.CONDITION, "a condition", complain)
	if type(condition.field_key) ~= "string" then
		complain "field_key of a condition is the name of a field"
	end
	local operator, value = tostring(condition.operator), condition.value
	if not field_options.allows(field_options.OPERATORS, operator) then
		complain("unknown operator '%s' of a condition%s", operator, nearest(operator, field_options.OPERATORS))
	end
	if value ~= nil and not is_scalar(value) and not is_list_of_scalars(value) then
		complain "value of a condition is a string, a number, a boolean, null, or a list of them"
	end
end

--- Checks the form of { match = "all" | "any", conditions = { … } }; what the conditions name is checked by `missing`.
---@param given any
---@param complain fun(message: string, ...) called for each problem
---@return boolean right
function conditions.check(given, complain)
	local right = true
	local function wrong(...)
		right = false
		complain(...)
	end
	if not members.is_object(given) or not members.is_array(given.conditions) then
		wrong 'conditions are { match = "all", conditions = { { field_key = "…", operator = "is" } } }, and not empty'
		return right
	end
	check_parts(given, field_options.CONDITIONS, "conditions", wrong)
	if given.match ~= nil and given.match ~= "all" and given.match ~= "any" then
		wrong "match is 'all' or 'any'"
	end
	for _, condition in ipairs(given.conditions) do
		check_one(condition, wrong)
	end
	return right
end

local function split(key)
	local parent, child = key:match "^([^.]*)%.(.*)$"
	return parent or key, child
end

--- The keys of conditions that name no field of these lists, nor a property of one ("object.property").
---@param given table conditions whose form is right
---@param scopes table[][] lists as destination.fields has them
---@param find fun(fields: table[], name: string): table?
---@return string[]
function conditions.missing(given, scopes, find)
	local keys = {}
	for _, condition in ipairs(given.conditions) do
		local parent, child = split(condition.field_key)
		local known = false
		for _, fields in ipairs(scopes) do
			local field = find(fields, parent)
			if field and child then
				field = field.properties and find(field.properties, child)
			end
			known = known or field ~= nil
		end
		if not known then
			keys[#keys + 1] = condition.field_key
		end
	end
	return keys
end

--- The conditions as Segment's manifest has them.
---@param given table
---@return table
function conditions.manifest(given)
	local list = json.array {}
	for i, condition in ipairs(given.conditions) do
		local one = members.new()
		members.set(one, "fieldKey", condition.field_key)
		members.set(one, "operator", condition.operator)
		if condition.value ~= nil then
			members.set(one, "value", condition.value)
		end
		list[i] = one
	end
	local manifest = members.new()
	if given.match then
		members.set(manifest, "match", given.match)
	end
	members.set(manifest, "conditions", list)
	return manifest
end

local function value_of(values, key)
	local parent, child = split(key)
	local value = values[parent]
	if not child then
		return value
	end
	return type(value) == "table" and value[child] or nil
end

local function is_empty(value)
	return value == nil or value == json.null or value == "" or type(value) == "table" and next(value) == nil
end

-- A list means one of its values; no value means that the field is empty.
local function is(value, wanted)
	if wanted == nil then
		return is_empty(value)
	elseif type(wanted) ~= "table" then
		return value == wanted
	end
	for _, one in ipairs(wanted) do
		if value == one then
			return true
		end
	end
	return false
end

local function hold(given, values)
	local any = given.match == "any"
	for _, condition in ipairs(given.conditions) do
		local holds = is(value_of(values, condition.field_key), condition.value) == (condition.operator == "is")
		if holds == any then
			return any
		end
	end
	return not any
end

--- The fields that a form shows when it has these values: not the hidden ones, and not those whose `depends_on` does
--- not hold. For the properties of an object: `conditions.shown(field.properties, values)` with the same values.
---@param fields table[] as destination.fields has them
---@param values table<string, any> of the whole form
---@return table[]
function conditions.shown(fields, values)
	local list = {}
	for _, field in ipairs(fields) do
		if not field.unsafe_hidden and (not field.depends_on or hold(field.depends_on, values)) then
			list[#list + 1] = field
		end
	end
	return list
end

return conditions
