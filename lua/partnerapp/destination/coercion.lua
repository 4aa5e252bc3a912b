-- Values made to fit the type that a schema wants, where nothing is guessed: "5" is a number, 1 is a boolean. The rules
-- are those of ajv with `coerceTypes: "array"`.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local coercion = {}

local NUMBER_MAX = 4096 -- bytes of a string that is read as a number: Lua's patterns have a limit on their work

local type_of = javascript.type_of

-- Infinity is not a number here, as in ajv.
local function is_finite(value)
	return type(value) == "number" and value == value and math.abs(value) ~= math.huge
end

local is = {
	number = is_finite,
	integer = function(value)
		return is_finite(value) and value % 1 == 0
	end,
	object = members.is_object,
}

local function has_type(kind, value)
	local check = is[kind]
	if check then
		return check(value)
	end
	return type_of(value) == kind
end

-- The number in a string as a Lua integer, where that is the same number. "Infinity" is a number to JavaScript.
local function number_in(text)
	if text == "" or #text > NUMBER_MAX then
		return nil
	end
	local number = javascript.to_number(text)
	if number ~= number then
		return nil
	end
	local integer = math.tointeger(number)
	return integer and math.abs(integer) <= 1 << 53 and integer or number
end

-- Each returns the value of that type, or nil when there is none.
local make = {}

function make.string(value)
	local kind = type_of(value)
	if kind == "number" or kind == "boolean" then
		return javascript.to_string(value)
	end
	return kind == "null" and "" or nil
end

function make.number(value)
	local kind = type_of(value)
	if kind == "boolean" then
		return value and 1 or 0
	elseif kind == "string" then
		return number_in(value)
	end
	return kind == "null" and 0 or nil
end

function make.integer(value)
	local number = make.number(value)
	-- A fraction is not an integer; the remainder of Infinity is NaN, which JavaScript takes for none.
	if number and math.abs(number) ~= math.huge and number % 1 ~= 0 then
		return nil
	end
	return number
end

function make.boolean(value)
	if value == "false" or value == 0 or value == json.null then
		return false
	elseif value == "true" or value == 1 then
		return true
	end
end

function make.null(value)
	if value == "" or value == 0 or value == false then
		return json.null
	end
end

function make.array(value)
	local kind = type_of(value)
	if kind == "string" or kind == "number" or kind == "boolean" or kind == "null" then
		return json.array { value }
	end
end

--- Whether the value has one of the types.
---@param types string[]
---@param value any
---@return boolean
function coercion.fits(types, value)
	for _, kind in ipairs(types) do
		if has_type(kind, value) then
			return true
		end
	end
	return false
end

--- The value made to fit one of the types. When that is not possible: false, and the value that further checks see,
--- which is the element of a list of one, for ajv looks into those.
---@param types string[]
---@param value any
---@return boolean fits, any value
function coercion.fit(types, value)
	if coercion.fits(types, value) then
		return true, value
	elseif #types == 1 and types[1] == "object" then
		return false, value
	end
	if members.is_array(value) and #value == 1 then
		value = value[1]
		-- With several types ajv asks whether the element has all of them at once, so it never has.
		if #types == 1 and has_type(types[1], value) then
			return true, value
		end
	end
	for _, kind in ipairs(types) do
		local maker = make[kind]
		local made
		if maker then
			made = maker(value)
		end
		if made ~= nil then
			return true, made
		end
	end
	return false, value
end

return coercion
