-- FQL, the language of the conditions of destination filters (docs/segment.md 3.8): compiles a condition to a Lua
-- function. The triggers of destination actions are another language: destination.matches reads those.
local deep_equal = require "deep_equal"
local json = require "partnerapp.json"
local nearest = require "partnerapp.nearest"
local tokens = require "filtering.fql_tokens"
local values = require "filtering.fql_values"

local fql = {}

--- How long a condition may be, in bytes.
fql.LENGTH_MOST = 5 << 10

local DEPTH_MOST = 50
local CONSTANTS = { ["true"] = true, ["false"] = false }

-- A part of a condition is { read, text }: read(event) is its value, or raises what `cannot` raises.

local function cannot(message)
	error({ cannot = message }, 0)
end

local function a_type(value)
	local kind = values.type(value)
	return (kind == "object" and "an " or "a ") .. kind
end

local Parser = {}
Parser.__index = Parser

function Parser:fail(message)
	local token = self.list[self.at]
	tokens.fail(token and token.at or #self.text + 1, message)
end

function Parser:peek(kind, value)
	local token = self.list[self.at]
	return token and token.kind == kind and (value == nil or token.value == value) and token or nil
end

function Parser:take(kind, value)
	local token = self:peek(kind, value)
	if token then
		self.at = self.at + 1
	end
	return token
end

function Parser:need(kind)
	return self:take(kind) or self:fail(("'%s' is missing"):format(kind))
end

-- A part that began with the token of that number and ends before the current one.
function Parser:part(first, read)
	return { read = read, text = self.text:sub(self.list[first].at, self.list[self.at - 1].stop - 1) }
end

local function constant(value)
	return function()
		return value
	end
end

local function path(names)
	return function(event)
		local value = event
		for _, name in ipairs(names) do
			if type(value) ~= "table" or json.is_array(value) then
				return nil
			end
			value = value[name]
			if value == json.null then
				return nil
			end
		end
		return value
	end
end

-- The values between commas, up to the closing symbol.
function Parser:items(closing)
	local list = {}
	if self:take(closing) then
		return list
	end
	repeat
		list[#list + 1] = self:any()
	until not self:take ","
	self:need(closing)
	return list
end

local function names_of(functions)
	local names = {}
	for name in pairs(functions) do
		names[#names + 1] = name
	end
	table.sort(names)
	return names
end

local function argument_of(called, name, place, part, event)
	local value = part.read(event)
	if value ~= nil and not called.takes[place][values.type(value)] then
		local kinds = table.concat(names_of(called.takes[place]), " or ")
		cannot(("%s takes a %s, and %s is %s"):format(name, kinds, part.text, a_type(value)))
	end
	return value
end

function Parser:call(name)
	local called = values.functions[name]
	if not called then
		self.at = self.at - 2
		self:fail(("there is no function '%s'%s"):format(name, nearest(name, names_of(values.functions))))
	end
	local given = self:items ")"
	if #given ~= #called.takes then
		self.at = self.at - 1
		local few = #called.takes == 1 and "one value" or #called.takes .. " values"
		self:fail(("%s takes %s, and here are %d"):format(name, few, #given))
	end
	return function(event)
		local first = argument_of(called, name, 1, given[1], event)
		local second = given[2] and argument_of(called, name, 2, given[2], event)
		if first == nil then
			return called.null
		end
		return called.call(first, second)
	end
end

function Parser:path(name)
	local names = { name }
	while self:take "." do
		local token = self:take "name"
			or self:fail "after a . a name is expected: write \\ before and, or, null and a digit"
		names[#names + 1] = token.value
	end
	if #names == 1 and CONSTANTS[name] ~= nil then
		return constant(CONSTANTS[name])
	end
	return path(names)
end

function Parser:list_of_values()
	local items = self:items "]"
	return function(event)
		local list = json.array {}
		for i, item in ipairs(items) do
			local value = item.read(event)
			list[i] = value == nil and json.null or value
		end
		return list
	end
end

function Parser:number(token)
	local value = tonumber(token.value)
	if not value then
		self.at = self.at - 1
		self:fail(("%s is not a number"):format(token.value))
	end
	return constant(value)
end

function Parser:operand()
	local first, token = self.at, self:take "name"
	if token then
		return self:part(first, self:take "(" and self:call(token.value) or self:path(token.value))
	end
	token = self:take "string"
	if token then
		return self:part(first, constant(token.value))
	end
	token = self:take "number"
	if token then
		return self:part(first, self:number(token))
	elseif self:take "null" then
		return self:part(first, constant(nil))
	elseif self:take "[" then
		return self:part(first, self:list_of_values())
	elseif self:take "(" then
		local inside = self:any()
		if self:peek "," then
			self:fail "a list is written in [ ]"
		end
		self:need ")"
		return self:part(first, inside.read)
	end
	return self:fail "a value is missing"
end

-- Whether a part holds; null does not.
local function holds(part, event, operator)
	local value = part.read(event)
	if value ~= nil and type(value) ~= "boolean" then
		cannot(("%s takes true or false, and %s is %s"):format(operator, part.text, a_type(value)))
	end
	return value == true
end

local function less(a, b, left, right)
	local answer = values.less(a, b)
	if answer == nil then
		local message = "%s is %s and %s is %s: < and > compare two numbers or two strings"
		cannot(message:format(left.text, a_type(a), right.text, a_type(b)))
	end
	return answer
end

local COMPARE = {
	["="] = deep_equal,
	["!="] = function(a, b)
		return not deep_equal(a, b)
	end,
	["<"] = less,
	["<="] = function(a, b, left, right)
		return less(a, b, left, right) or a ~= nil and a == b
	end,
	[">"] = function(a, b, left, right)
		return less(b, a, right, left)
	end,
	[">="] = function(a, b, left, right)
		return less(b, a, right, left) or a ~= nil and a == b
	end,
}

local function contained(left, right)
	return function(event)
		local value, list = left.read(event), right.read(event)
		if list == nil then
			return false
		elseif values.type(list) ~= "list" then
			cannot(("in looks into a list, and %s is %s"):format(right.text, a_type(list)))
		elseif type(value) == "table" then
			cannot(("in looks for a string, a number, a bool or null, and %s is %s"):format(left.text, a_type(value)))
		end
		return values.has(list, value)
	end
end

function Parser:unary()
	local first = self.at
	if not self:take("operator", "!") then
		return self:operand()
	end
	local inside = self:operand()
	return self:part(first, function(event)
		return not holds(inside, event, "!")
	end)
end

function Parser:comparison()
	local first, left = self.at, self:unary()
	if self:take("name", "in") then
		return self:part(first, contained(left, self:unary()))
	end
	local token = self:peek "operator"
	local compare = token and COMPARE[token.value]
	if not compare then
		return left
	end
	self.at = self.at + 1
	if self:peek("operator", "=") then
		self:fail(
			token.value == "=" and "equality is written with one =" or ("write a space after %s="):format(token.value)
		)
	end
	local right = self:unary()
	return self:part(first, function(event)
		return compare(left.read(event), right.read(event), left, right)
	end)
end

function Parser:all()
	local first, left = self.at, self:comparison()
	while self:take("conditional", "and") do
		local one, other = left, self:comparison()
		left = self:part(first, function(event)
			return holds(one, event, "and") and holds(other, event, "and")
		end)
	end
	return left
end

function Parser:any()
	self.depth = self.depth + 1
	if self.depth > DEPTH_MOST then
		self:fail "parentheses are nested too deeply"
	end
	local first, left = self.at, self:all()
	while self:take("conditional", "or") do
		local one, other = left, self:all()
		left = self:part(first, function(event)
			return holds(one, event, "or") or holds(other, event, "or")
		end)
	end
	self.depth = self.depth - 1
	return left
end

local function parse(text)
	local parser = setmetatable({ text = text, list = tokens.of(text), at = 1, depth = 0 }, Parser)
	local whole = parser:any()
	local left = parser.list[parser.at]
	if left then
		local word = left.kind == "name" and left.value:lower()
		local lower = (word == "and" or word == "or") and ("write %s in lower case"):format(word)
		parser:fail(lower or "and, or or the end of the condition is expected here")
	end
	return whole
end

-- What a call returned; nil and a problem when it raised what `name` marks.
local function caught(name, ok, result)
	if ok then
		return result
	elseif type(result) == "table" and result[name] then
		return nil, result
	end
	error(result, 0)
end

local function place_of(text, at)
	return (utf8.len(text, 1, math.max(at - 1, 0), true) or at - 1) + 1
end

--- Compiles a condition.
---@param text string
---@return (fun(event: table): boolean?, string?)? condition says whether an event meets it; nil and a sentence when a
--- value has a type that cannot be judged
---@return string? problem where in the text, in characters, and what is wrong there
function fql.compile(text)
	if #text > fql.LENGTH_MOST then
		return nil, ("a condition can have at most %d bytes, and this one has %d"):format(fql.LENGTH_MOST, #text)
	end
	local whole, problem = caught("fql", pcall(parse, text))
	if not whole then
		return nil, ("character %d: %s"):format(place_of(text, problem.at), problem.fql)
	end
	return function(event)
		local answer, why = caught("cannot", pcall(holds, whole, event, "a condition"))
		return answer, why and why.cannot
	end
end

return fql
