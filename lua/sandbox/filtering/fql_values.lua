-- Values of FQL: their types, their order and the functions of the language. Nothing raises an error: the result for a
-- value of a wrong type, null too, is false, 0 or null.
local deep_equal = require "deep_equal"
local glob = require "glob"
local json = require "partnerapp.json"

local values = { functions = {} }

local functions = values.functions

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

--- Whether a value is less than another: false unless both are numbers or both are strings.
---@param a any
---@param b any
---@return boolean
function values.less(a, b)
	local kind = type(a)
	return kind == type(b) and (kind == "number" or kind == "string") and a < b
end

local function words(text)
	local list = {}
	text = text:gsub("(%l)(%u)", "%1 %2")
	for word in text:gmatch("[%w\x80-\xff]+") do
		list[#list + 1] = word
	end
	return list
end

local function on_text(change)
	return function(value)
		return type(value) == "string" and change(value) or nil
	end
end

functions.lowercase = on_text(string.lower)
functions.uppercase = on_text(string.upper)

functions.snakecase = on_text(function(text)
	return table.concat(words(text), "_"):lower()
end)

functions.kebabcase = on_text(function(text)
	return table.concat(words(text), "-"):lower()
end)

functions.titlecase = on_text(function(text)
	return (text:lower():gsub("(%w)(%w*)", function(first, rest)
		return first:upper() .. rest
	end))
end)

functions.typeof = values.type

function functions.contains(value, ...)
	for _, wanted in ipairs { ... } do
		if type(value) == "string" and type(wanted) == "string" and value:find(wanted, 1, true) then
			return true
		elseif values.type(value) == "list" then
			for _, one in ipairs(value) do
				if deep_equal(one, wanted) then
					return true
				end
			end
		end
	end
	return false
end

function functions.length(value)
	if type(value) == "string" then
		return utf8.len(value) or #value
	end
	return values.type(value) == "list" and #value or 0
end

function functions.match(value, pattern)
	return type(value) == "string" and type(pattern) == "string" and glob.matches(value, pattern)
end

function functions.bool(value)
	if type(value) == "string" then
		return value == "true"
	elseif type(value) == "number" then
		return value ~= 0
	end
	return value == true
end

function functions.string(value)
	if type(value) == "table" then
		return json.encode(value)
	end
	return value ~= nil and tostring(value) or nil
end

function functions.number(value)
	if type(value) == "boolean" then
		return value and 1 or 0
	end
	return type(value) == "number" and value or type(value) == "string" and tonumber(value) or nil
end

return values
