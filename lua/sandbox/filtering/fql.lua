-- FQL, the language of the conditions of destination filters: compiles a condition to a Lua function.
local deep_equal = require "deep_equal"
local json = require "partnerapp.json"
local values = require "filtering.fql_values"

local fql = {}

local LENGTH_MOST, DEPTH_MOST = 10000, 50
local WORDS = { ["and"] = true, ["or"] = true, ["in"] = true, ["true"] = true, ["false"] = true, ["null"] = true }

-- Tokens: { kind, value } with the kinds word, path, number, string and symbol.

local function fail(message)
	error({ fql = message }, 0)
end

local function string_at(text, at)
	local quote, out = text:sub(at, at), {}
	at = at + 1
	while at <= #text do
		local character = text:sub(at, at)
		if character == quote then
			return { kind = "string", value = table.concat(out) }, at + 1
		elseif character == "\\" then
			at = at + 1
			character = text:sub(at, at)
			character = character == "n" and "\n" or character == "t" and "\t" or character
		end
		out[#out + 1] = character
		at = at + 1
	end
	return fail "a string is not closed"
end

-- A path: names with dots between them. A character other than a letter, a digit, _ and $ needs a \ before it.
local function path_at(text, at)
	local parts, part = {}, {}
	local plain = true
	while at <= #text do
		local character = text:sub(at, at)
		if character == "\\" then
			at, plain = at + 1, false
			part[#part + 1] = text:sub(at, at)
		elseif character == "." then
			parts[#parts + 1], part = table.concat(part), {}
		elseif character:find("[%w_$\x80-\xff]") then
			part[#part + 1] = character
		else
			break
		end
		at = at + 1
	end
	parts[#parts + 1] = table.concat(part)
	for _, name in ipairs(parts) do
		if name == "" then
			fail "a path has an empty part"
		end
	end
	if plain and #parts == 1 and WORDS[parts[1]] then
		return { kind = "word", value = parts[1] }, at
	end
	return { kind = "path", value = parts }, at
end

local function tokens_of(text)
	local list, at = {}, 1
	while true do
		at = text:find("%S", at)
		if not at then
			return list
		end
		local number, stop = text:match("^(%-?%d+%.?%d*[eE]?[+-]?%d*)()", at)
		local symbol = text:match("^[!<>]=", at) or text:match("^[=!<>(),%[%]]", at)
		if number and tonumber(number) then
			list[#list + 1], at = { kind = "number", value = tonumber(number) }, stop
		elseif symbol then
			list[#list + 1], at = { kind = "symbol", value = symbol }, at + #symbol
		elseif text:find("^['\"]", at) then
			list[#list + 1], at = string_at(text, at)
		elseif text:find("^[%a_$\\\x80-\xff]", at) then
			list[#list + 1], at = path_at(text, at)
		else
			fail("'" .. text:sub(at, at) .. "' is not expected here")
		end
	end
end

local Parser = {}
Parser.__index = Parser

function Parser:peek(kind, value)
	local token = self.tokens[self.at]
	return token and token.kind == kind and (value == nil or token.value == value) and token or nil
end

function Parser:take(kind, value)
	local token = self:peek(kind, value)
	if token then
		self.at = self.at + 1
	end
	return token
end

function Parser:need(kind, value)
	return self:take(kind, value) or fail("'" .. value .. "' is missing")
end

local function constant(value)
	return function()
		return value
	end
end

local function path(parts)
	return function(event)
		local value = event
		for _, name in ipairs(parts) do
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
	if self:take("symbol", closing) then
		return list
	end
	repeat
		list[#list + 1] = self:any()
	until not self:take("symbol", ",")
	self:need("symbol", closing)
	return list
end

function Parser:call(name)
	local called = values.functions[name] or fail("there is no function '" .. name .. "'")
	local arguments = self:items ")"
	return function(event)
		local given = {}
		for i, argument in ipairs(arguments) do
			given[i] = argument(event)
		end
		return called(table.unpack(given, 1, #arguments))
	end
end

local CONSTANTS = { ["true"] = true, ["false"] = false }

function Parser:operand()
	local token = self:take "number" or self:take "string"
	if token then
		return constant(token.value)
	end
	token = self:take "path"
	if token then
		if #token.value == 1 and self:take("symbol", "(") then
			return self:call(token.value[1])
		end
		return path(token.value)
	end
	token = self:take "word"
	if token and (CONSTANTS[token.value] ~= nil or token.value == "null") then
		return constant(CONSTANTS[token.value])
	elseif not token and self:take("symbol", "(") then
		local inside = self:any()
		self:need("symbol", ")")
		return inside
	elseif not token and self:take("symbol", "[") then
		return self:list "]"
	end
	return fail "a value is missing"
end

function Parser:list(closing)
	local items = self:items(closing)
	return function(event)
		local list = json.array {}
		for _, item in ipairs(items) do
			list[#list + 1] = item(event)
		end
		return list
	end
end

local COMPARE = {
	["="] = deep_equal,
	["!="] = function(a, b)
		return not deep_equal(a, b)
	end,
	["<"] = values.less,
	["<="] = function(a, b)
		return values.less(a, b) or deep_equal(a, b) and a ~= nil
	end,
	[">"] = function(a, b)
		return values.less(b, a)
	end,
	[">="] = function(a, b)
		return values.less(b, a) or deep_equal(a, b) and a ~= nil
	end,
}

function Parser:comparison()
	if self:take("symbol", "!") then
		local inside = self:deeper(self.comparison)
		return function(event)
			return inside(event) ~= true
		end
	end
	local left = self:operand()
	if self:take("word", "in") then
		local opening = self:take("symbol", "(") or self:need("symbol", "[")
		local list = self:list(opening.value == "(" and ")" or "]")
		return function(event)
			return values.functions.contains(list(event), left(event))
		end
	end
	local token = self:peek "symbol"
	local compare = token and COMPARE[token.value]
	if not compare then
		return left
	end
	self.at = self.at + 1
	local right = self:operand()
	return function(event)
		return compare(left(event), right(event))
	end
end

function Parser:deeper(parse)
	self.depth = self.depth + 1
	if self.depth > DEPTH_MOST then
		fail "parentheses and ! are nested too deeply"
	end
	local parsed = parse(self)
	self.depth = self.depth - 1
	return parsed
end

function Parser:all()
	local left = self:comparison()
	while self:take("word", "and") do
		local first, second = left, self:comparison()
		left = function(event)
			return first(event) == true and second(event) == true
		end
	end
	return left
end

function Parser:either()
	local left = self:all()
	while self:take("word", "or") do
		local first, second = left, self:all()
		left = function(event)
			return first(event) == true or second(event) == true
		end
	end
	return left
end

function Parser:any()
	return self:deeper(self.either)
end

local function parse(text)
	local parser = setmetatable({ tokens = tokens_of(text), at = 1, depth = 0 }, Parser)
	local condition = parser:any()
	if parser.tokens[parser.at] then
		fail "unexpected text after the condition"
	end
	return condition
end

--- Compiles a condition.
---@param text string
---@return (fun(event: table): boolean)? condition says whether an event meets it
---@return string? problem what is wrong with the text
function fql.compile(text)
	if #text > LENGTH_MOST then
		return nil, ("a condition can have at most %d bytes"):format(LENGTH_MOST)
	end
	local ok, condition = pcall(parse, text)
	if ok then
		return function(event)
			return condition(event) == true
		end
	elseif type(condition) == "table" and condition.fql then
		return nil, condition.fql
	end
	error(condition, 0)
end

return fql
