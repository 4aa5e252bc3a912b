-- Values as JavaScript sees them, for Segment's code is written in it: how they print, what counts as true, how long a
-- string is. JSON's values are as partnerapp.json gives them.
local json = require "partnerapp.json"
local letter_case = require "partnerapp.destination.letter_case"
local members = require "partnerapp.destination.members"

local javascript = {}

--- Stands for a missing value where Lua's nil would leave a hole: as an element, or as a member that is known to be
--- missing. A function, for it must not be taken for any JSON value.
function javascript.undefined() end

local undefined = javascript.undefined

local AS_JAVASCRIPT = { javascript = true }

--- The type of a value: "undefined", "null", "boolean", "number", "string", "array" or "object"; for what JSON does not
--- have, the name that Lua has for it.
---@param value any
---@return string
function javascript.type_of(value)
	local kind = type(value)
	if kind == "table" then
		return members.is_array(value) and "array" or "object"
	elseif value == nil or value == undefined then
		return "undefined"
	elseif value == json.null then
		return "null"
	end
	return kind
end

--- Whether a condition holds for the value: not for undefined, null, false, 0, NaN and "".
---@param value any
---@return boolean
function javascript.truthy(value)
	if not value or value == undefined or value == json.null then
		return false
	end
	return value ~= "" and value ~= 0 and value == value
end

--- A number as JavaScript prints it: 1, 0.1, 1e+21, 5e-7, Infinity, NaN.
---@param number number
---@return string
function javascript.print_number(number)
	if math.type(number) == "integer" and (number <= -(1 << 53) or number >= 1 << 53) then
		number = number + 0.0
	end
	if number ~= number then
		return "NaN"
	elseif number == math.huge or number == -math.huge then
		return number > 0 and "Infinity" or "-Infinity"
	end
	return (assert(json.encode(number, AS_JAVASCRIPT)))
end

local to_string

-- `open` has the arrays that are being printed: one that holds itself is printed as nothing there.
local function print_array(array, work, open)
	if open[array] then
		return ""
	end
	open[array] = true
	local texts = {}
	for at, element in ipairs(array) do
		local missing = element == json.null or element == undefined
		texts[at] = missing and "" or to_string(element, work, open)
		if work then
			work:spend(#texts[at] + 1)
		end
	end
	open[array] = nil
	return table.concat(texts, ",")
end

function to_string(value, work, open)
	local kind = javascript.type_of(value)
	if kind == "string" then
		return value
	elseif kind == "number" then
		return javascript.print_number(value)
	elseif kind == "array" then
		return print_array(value, work, open or {})
	elseif kind == "boolean" then
		return tostring(value)
	end
	return kind == "object" and "[object Object]" or kind
end

--- The value as a string, as String(value) gives it.
---@param value any
---@param work partnerapp.destination.work? pays for what arrays print
---@return string
function javascript.to_string(value, work)
	return to_string(value, work)
end

-- Strings

local WHITE = { ["\u{1680}"] = true, ["\u{2028}"] = true, ["\u{2029}"] = true, ["\u{202f}"] = true }
for character in ("\t\n\v\f\r \u{a0}\u{205f}\u{3000}\u{feff}"):gmatch(utf8.charpattern) do
	WHITE[character] = true
end
for code = 0x2000, 0x200a do
	WHITE[utf8.char(code)] = true
end

--- The string without white space at its ends, Unicode's included.
---@param text string
---@return string
function javascript.trim(text)
	local first, last = 1, #text
	while first <= last do
		local character = text:match("^[^\x80-\xbf][\x80-\xbf]*", first)
		if not WHITE[character] then
			break
		end
		first = first + #character
	end
	while first <= last do
		local start = last
		while start > first and text:find("^[\x80-\xbf]", start) do
			start = start - 1
		end
		if not WHITE[text:sub(start, last)] then
			break
		end
		last = start - 1
	end
	return text:sub(first, last)
end

local function count(text, class)
	return select(2, text:gsub(class, ""))
end

--- The length of a string in UTF-16 units: 2 for a character above U+FFFF.
---@param text string
---@return integer
function javascript.length(text)
	return count(text, "[^\x80-\xbf]") + count(text, "[\xf0-\xf7]")
end

javascript.upper = letter_case.upper
javascript.lower = letter_case.lower

local BASES = { x = 16, o = 8, b = 2 }

-- "0x1f", "0o17" and "0b11" as a number, nil for anything else.
local function read_prefixed(text)
	local letter, digits = text:match "^0([xXoObB])(%w+)$"
	local base = letter and BASES[letter:lower()]
	local number = 0.0
	for digit in (digits or ""):gmatch "." do
		local value = tonumber(digit, base)
		if not value then
			return nil
		end
		number = number * base + value
	end
	return base and number
end

--- The number that a string or a boolean is, as Number(value) gives it; NaN when it is none.
---@param value string|boolean|number
---@return number
function javascript.to_number(value)
	if type(value) ~= "string" then
		return value == true and 1 or value or 0
	end
	local text = javascript.trim(value)
	if text == "" then
		return 0
	elseif text:find "^[+-]?%d+%.?%d*$" or text:find "^[+-]?%.%d+$" then
		return tonumber(text) + 0.0
	elseif text:find "^[+-]?%d+%.?%d*[eE][+-]?%d+$" or text:find "^[+-]?%.%d+[eE][+-]?%d+$" then
		return tonumber(text) + 0.0
	elseif text:find "^[+-]?Infinity$" then
		return text:sub(1, 1) == "-" and -math.huge or math.huge
	end
	return read_prefixed(text) or 0 / 0
end

--- A property of a value: a member of an object, an element or the length of an array or a string. nil when there is
--- none. What every object of JavaScript inherits ("constructor") does not exist here.
---@param value any
---@param name string
---@return any
function javascript.property(value, name)
	local kind = javascript.type_of(value)
	if kind == "object" then
		return value[name]
	elseif kind ~= "array" and kind ~= "string" then
		return nil
	elseif name == "length" then
		return kind == "array" and #value or javascript.length(value)
	end
	local index = members.index(name)
	if not index then
		return nil
	elseif kind == "array" then
		return value[index + 1]
	end
	return javascript.units(value)[index + 1]
end

--- The UTF-16 units of a string, each as a string. A character above U+FFFF is two units, and half of one is not
--- Unicode: both are U+FFFD here.
---@param text string
---@return string[]
function javascript.units(text)
	local units = {}
	for character in text:gmatch(utf8.charpattern) do
		if #character == 4 then
			units[#units + 1] = "\u{fffd}"
			character = "\u{fffd}"
		end
		units[#units + 1] = character
	end
	return units
end

return javascript
