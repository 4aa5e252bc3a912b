-- Payloads of an action, and settings: what Segment does to one before it is validated, and the validation.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local json_schema = require "partnerapp.destination.json_schema"
local members = require "partnerapp.destination.members"

local validation = {}

-- Segment itself puts this one into payloads, and it is never checked.
local EXEMPT = "dynamicAuthSettings"

local function has_type(schema, name)
	if type(schema.type) ~= "table" then
		return schema.type == name
	end
	for _, one in ipairs(schema.type) do
		if one == name then
			return true
		end
	end
	return false
end

-- nil for what is removed. Odd: objects in a list are left as they are, only whole elements go.
local function without_empty(value, schema, is_root)
	if value == javascript.undefined then
		return nil
	elseif not schema then
		return value
	elseif members.is_array(value) then
		if not schema.items then
			return value
		end
		local kept = json.array {}
		for _, item in ipairs(value) do
			if without_empty(item, schema.items) ~= nil then
				kept[#kept + 1] = item
			end
		end
		return kept
	elseif members.is_object(value) then
		if not schema.properties then
			return value
		end
		local kept = members.new()
		for _, name in ipairs(members.names(value)) do
			local inner = without_empty(value[name], schema.properties[name])
			if inner ~= nil and not (is_root and inner == "") then
				members.set(kept, name, inner)
			end
		end
		return kept
	elseif value == json.null and not has_type(schema, "null") or value == "" and not has_type(schema, "string") then
		return nil
	end
	return value
end

--- What is done to a payload before it is validated: null is removed where it is not allowed, "" where the type is not
--- a string; in the payload of a single event also "" of any type at the root.
---@param schema table of destination.schema
---@param payload any
---@param in_batch boolean?
---@return any payload a new table; nil when nothing is left
function validation.prepare(schema, payload, in_batch)
	return without_empty(payload, schema, not in_batch)
end

local function copy(value)
	if type(value) ~= "table" then
		return value
	elseif members.is_array(value) then
		local list = json.array {}
		for i, item in ipairs(value) do
			list[i] = copy(item)
		end
		return list
	end
	local object, names = {}, members.names(value)
	for _, name in ipairs(names) do
		object[name] = copy(value[name])
	end
	return members.ordered(object, names)
end

-- A single value where a list is wanted becomes a list; null does not.
local function make_lists(payload, schema)
	for name, value in pairs(payload) do
		local rule = schema.properties[name]
		if rule and rule.type == "array" and value ~= json.null and not members.is_array(value) then
			payload[name] = json.array { value }
		end
	end
end

--- As `validate`, for a payload of one's own: it is changed, and returned when it is valid.
---@param schema table of destination.schema
---@param payload any
---@return table? payload, string? message, string? code, {path: string, message: string}[]? errors
function validation.validate_own(schema, payload)
	local exempt
	if members.is_object(payload) then
		exempt = payload[EXEMPT]
		make_lists(payload, schema)
	end
	local errors = json_schema.check(schema, payload)
	if #errors > 0 then
		local messages = {}
		for i, one in ipairs(errors) do
			messages[i] = one.message
		end
		return nil, table.concat(messages, " "), "PAYLOAD_VALIDATION_FAILED", errors
	end
	if exempt ~= nil then
		members.set(payload, EXEMPT, exempt)
	end
	return payload
end

--- Validates: values that can be made to fit their type are, unknown members are removed, defaults are not filled in.
---@param schema table of destination.schema
---@param payload any not changed
---@return table? payload, string? message all of Segment's sentences, string? code "PAYLOAD_VALIDATION_FAILED"
---@return {path: string, message: string}[]? errors path: JSON Pointer
function validation.validate(schema, payload)
	return validation.validate_own(schema, copy(payload))
end

return validation
