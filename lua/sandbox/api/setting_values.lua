-- Values of a destination's settings: whether one fits the setting's type in the catalog.
local json = require "partnerapp.json"

local setting_values = {}

local function letters(class, ...)
	local lengths = { ... }
	return function(text)
		for _, length in ipairs(lengths) do
			if #text == length then
				return not text:find("[^" .. class .. "]")
			end
		end
		return false
	end
end

local function pattern(lua)
	return function(text)
		return text:find(lua) ~= nil
	end
end

-- The catalog's regular expressions, in Lua.
local REGEXPS = {
	["^.{8,}$"] = function(text)
		return utf8.len(text) ~= nil and utf8.len(text) >= 8 and not text:find("\n", 1, true)
	end,
	["^UA-\\d+-\\d+$"] = pattern "^UA%-%d+%-%d+$",
	["^[a-f0-9]{32}$"] = letters("a-f0-9", 32),
	["^[a-z0-9]{32}$"] = letters("a-z0-9", 32),
	["^[a-zA-Z0-9]{40}$"] = letters("a-zA-Z0-9", 40),
	["^\\d+$"] = pattern "^%d+$",
	["^[#\\.]+"] = pattern "^[#.]",
	["^([a-z0-9]{20})?([a-z0-9]{64})?$"] = letters("a-z0-9", 0, 20, 64, 84),
	["^([a-zA-Z0-9]{7,8}|[a-zA-Z0-9]{40})$"] = letters("a-zA-Z0-9", 7, 8, 40),
	["^none$|^[a-zA-Z0-9_-]+\\.[.a-zA-Z0-9_-]+$"] = function(text)
		return text == "none" or text:find("^[%w_-]+%.[.%w_-]+$") ~= nil
	end,
	["^[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}$"] = function(text)
		local a, b, c, d, e = text:match("^([a-z0-9]+)%-([a-z0-9]+)%-([a-z0-9]+)%-([a-z0-9]+)%-([a-z0-9]+)$")
		return a ~= nil and #a == 8 and #b == 4 and #c == 4 and #d == 4 and #e == 12
	end,
}

local function is_list(value)
	return type(value) == "table" and json.is_array(value)
end

local function is_object(value)
	return type(value) == "table" and not json.is_array(value)
end

local function contains(list, value)
	for _, one in ipairs(list) do
		if one == value then
			return true
		end
	end
	return false
end

local by_type = {}

function by_type.STRING(setting, value)
	if type(value) ~= "string" then
		return "must be a string"
	end
	local check = setting.regexp and assert(REGEXPS[setting.regexp], setting.regexp)
	if value ~= "" and check and not check(value) then
		return "must match " .. setting.regexp
	end
end

by_type.PASSWORD = by_type.STRING
by_type.COLOR = by_type.STRING
by_type.MULTI_LINE_STRING = by_type.STRING

function by_type.BOOLEAN(_, value)
	return type(value) ~= "boolean" and "must be a boolean" or nil
end

function by_type.NUMBER(setting, value)
	if type(value) ~= "number" then
		return "must be a number"
	elseif setting.options and not contains(setting.options, value) then
		return "must be one of " .. table.concat(setting.options, ", ")
	elseif setting.min and setting.max and (value < setting.min or value > setting.max) then
		return ("must be from %s to %s"):format(setting.min, setting.max)
	elseif setting.min and value < setting.min then
		return ("must be at least %s"):format(setting.min)
	elseif setting.max and value > setting.max then
		return ("must be at most %s"):format(setting.max)
	end
end

function by_type.SELECT(setting, value)
	if type(value) ~= "string" then
		return "must be a string"
	elseif value ~= "" and setting.options and not contains(setting.options, value) then
		return "must be one of " .. table.concat(setting.options, ", ")
	end
end

function by_type.LIST(_, value)
	if not is_list(value) then
		return "must be a list of strings"
	end
	for _, one in ipairs(value) do
		if type(one) ~= "string" then
			return "must be a list of strings"
		end
	end
end

-- An object, or its entries as { key, value } (the Terraform providers write headers so).
function by_type.MAP(setting, value)
	local count = 0
	if is_object(value) then
		for _ in pairs(value) do
			count = count + 1
		end
	elseif is_list(value) then
		for _, entry in ipairs(value) do
			if not is_object(entry) or type(entry.key) ~= "string" then
				return "must be an object"
			end
		end
		count = #value
	else
		return "must be an object"
	end
	if setting.max and count > setting.max then
		return ("must have at most %d entries"):format(setting.max)
	end
end

function by_type.MIXED(setting, value)
	if not is_list(value) then
		return "must be a list"
	elseif setting.max and #value > setting.max then
		return ("must have at most %d entries"):format(setting.max)
	end
	for _, one in ipairs(value) do
		for _, item in ipairs(setting.items or {}) do
			local given = is_object(one) and one[item.name] or nil
			if not is_object(one) or (item.required and (given == nil or given == "")) then
				return ("must be a list of objects with %s"):format(item.name)
			end
			local problem = given ~= nil and by_type[item.type](item, given)
			if problem then
				return item.name .. " " .. problem
			end
		end
	end
end

--- What is wrong with a value, or nil.
---@param setting table an entry of the catalog's `settings`
---@param value any
---@return string?
function setting_values.problem(setting, value)
	return by_type[setting.type](setting, value)
end

--- Whether a value is empty, which the value of a required setting cannot be.
---@param value any
---@return boolean
function setting_values.is_empty(value)
	return value == nil or value == "" or (type(value) == "table" and next(value) == nil)
end

return setting_values
