-- The functions of FQL and how its values compare. null is harmless everywhere: what cannot be done with it is false, 0
-- or null, never an error.
local json = require "partnerapp.json"

local values = { functions = {} }

local functions = values.functions

--- The type as `typeof` names it.
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

--- Equality: values of different types are different.
---@param a any
---@param b any
---@return boolean
function values.equal(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	end
	for key, value in pairs(a) do
		if not values.equal(value, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

--- Order: of two numbers or two strings; nothing else is less than anything.
---@param a any
---@param b any
---@return boolean
function values.less(a, b)
	local kind = type(a)
	return kind == type(b) and (kind == "number" or kind == "string") and a < b
end

local function characters(text)
	local list = {}
	if utf8.len(text) then
		for _, code in utf8.codes(text) do
			list[#list + 1] = utf8.char(code)
		end
	else
		for i = 1, #text do
			list[i] = text:sub(i, i)
		end
	end
	return list
end

-- One step of a glob: the index behind it and what it accepts; "*" is accepted by name.
local function class_at(pattern, at)
	local set, ranges, last = {}, {}, nil
	while pattern[at] and pattern[at] ~= "]" do
		if pattern[at] == "-" and last and pattern[at + 1] and pattern[at + 1] ~= "]" then
			ranges[#ranges + 1] = { last, pattern[at + 1] }
			at = at + 1
		else
			last = pattern[at] == "\\" and pattern[at + 1] or pattern[at]
			at = pattern[at] == "\\" and at + 1 or at
			set[last] = true
		end
		at = at + 1
	end
	return at + 1,
		function(character)
			for _, range in ipairs(ranges) do
				if range[1] <= character and character <= range[2] then
					return true
				end
			end
			return set[character] == true
		end
end

local function steps_of(glob)
	local pattern, steps, at = characters(glob), {}, 1
	while pattern[at] do
		local character = pattern[at]
		at = at + 1
		if character == "*" then
			steps[#steps + 1] = "*"
		elseif character == "?" then
			steps[#steps + 1] = function()
				return true
			end
		elseif character == "[" then
			at, steps[#steps + 1] = class_at(pattern, at)
		else
			local wanted = character == "\\" and pattern[at] or character
			at = character == "\\" and at + 1 or at
			steps[#steps + 1] = function(given)
				return given == wanted
			end
		end
	end
	return steps
end

-- Goes back to the last "*" only: nothing before it can do better.
local function matches(text, glob)
	local given, steps = characters(text), steps_of(glob)
	local at, step, star, from = 1, 1, nil, nil
	while at <= #given do
		local wanted = steps[step]
		if wanted == "*" then
			star, from, step = step, at, step + 1
		elseif wanted and wanted(given[at]) then
			at, step = at + 1, step + 1
		elseif star then
			from = from + 1
			at, step = from, star + 1
		else
			return false
		end
	end
	while steps[step] == "*" do
		step = step + 1
	end
	return step > #steps
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
				if values.equal(one, wanted) then
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

function functions.match(value, glob)
	return type(value) == "string" and type(glob) == "string" and matches(value, glob)
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
