-- Values of FQL: their types, their order and the functions of the language. null is never an error. Another value of a
-- type that Segment's documents do not name cannot be judged, and an event that cannot be judged is not sent (A46).
local deep_equal = require "deep_equal"
local glob = require "glob"
local json = require "partnerapp.json"

local values = {}

--- The name of a value's type, as the function typeof returns it.
---@param value any
---@return string
function values.type(value)
	local kind = type(value)
	if kind == "boolean" then
		return "bool"
	elseif kind == "table" then
		return json.is_array(value) and "list" or "object"
	end
	return kind == "nil" and "null" or kind
end

--- Whether a value is less than another; false when one of them is null.
---@param a any
---@param b any
---@return boolean? less nil when they are neither two numbers nor two strings
function values.less(a, b)
	if a == nil or b == nil then
		return false
	end
	local kind = type(a)
	if kind ~= type(b) or kind ~= "number" and kind ~= "string" then
		return nil
	end
	return a < b
end

--- Whether a list has a value.
---@param list table
---@param wanted any
---@return boolean
function values.has(list, wanted)
	for _, one in ipairs(list) do
		if one == json.null then
			one = nil
		end
		if deep_equal(one, wanted) then
			return true
		end
	end
	return false
end

-- Letters beyond ASCII change their case as the library's directive @case has it.
local function in_case(operator, ascii)
	return function(text)
		if not text:find "[\x80-\xff]" then
			return ascii(text)
		end
		local value = { ["@case"] = { operator = operator, value = { ["@path"] = "$.text" } } }
		return require("partnerapp.destination").transform({ text = value }, { text = text }).text
	end
end

local lower, upper = in_case("lower", string.lower), in_case("upper", string.upper)

local function decimal(text)
	return text:find "^[+-]?%d*%.?%d+$" and tonumber(text) or nil
end

---@class sandbox.fql_function
---@field takes table<string, true>[] for each argument the types that it may have; null may be there always
---@field null any what the function returns when its first argument is null
---@field call fun(...): any with arguments of those types

local STRING = { string = true }
local ANY = { string = true, number = true, bool = true, list = true, object = true }
local SIMPLE = { string = true, number = true, bool = true, list = true }

---@type table<string, sandbox.fql_function>
values.functions = {
	contains = {
		takes = { STRING, STRING },
		null = false,
		call = function(text, part)
			return part ~= nil and text:find(part, 1, true) ~= nil
		end,
	},
	length = {
		takes = { { string = true, list = true } },
		null = 0,
		call = function(value)
			return #value -- of a string its bytes
		end,
	},
	lowercase = { takes = { STRING }, call = lower },
	uppercase = { takes = { STRING }, call = upper },
	snakecase = {
		takes = { STRING },
		call = function(text)
			return (text:gsub(" ", "_"))
		end,
	},
	kebabcase = {
		takes = { STRING },
		call = function(text)
			return (text:gsub(" ", "-"))
		end,
	},
	titlecase = {
		takes = { STRING },
		call = function(text)
			return (text:gsub("%S[\x80-\xbf]*", upper, 1):gsub("%s%S[\x80-\xbf]*", upper))
		end,
	},
	typeof = { takes = { ANY }, null = "null", call = values.type },
	match = {
		takes = { STRING, STRING },
		null = false,
		call = function(text, pattern)
			return pattern ~= nil and glob.matches(text, pattern)
		end,
	},
	bool = {
		takes = { SIMPLE },
		null = false,
		call = function(value)
			if type(value) == "table" then
				return #value > 0
			end
			return value == true or value == "true" or type(value) == "number" and value ~= 0
		end,
	},
	string = {
		takes = { SIMPLE },
		call = function(value)
			return type(value) == "string" and value or json.encode(value, { javascript = true })
		end,
	},
	number = {
		takes = { { string = true, number = true } },
		call = function(value)
			return type(value) == "number" and value or decimal(value)
		end,
	},
}

return values
