-- Reads a trigger as Segment does: word after word, without a grammar. What stands at the place of an operator is the
-- operator, words that mean nothing are skipped, and the last `and` or `or` of a level joins all of its terms.
--
-- A level is { items, children, operator }. Its items are everything in it, in order, each with `at` and `stop` in
-- bytes: { kind = "term", term }, { kind = "level", level }, { kind = "conditional", value } and { kind = "ignored" }.
-- Its children are the terms and levels.
local terms = require "partnerapp.destination.trigger_terms"
local tokens_of = require "partnerapp.destination.trigger_tokens"

local trigger_parser = {}

local TEXT_MOST = 64 << 10 -- bytes

local fail = tokens_of.fail

local Parser = {}
Parser.__index = Parser

-- The next token; nil after the end.
function Parser:shift()
	local token = self.tokens[self.at]
	self.at = token and self.at + 1 or self.at
	return token
end

function Parser:need(after, expected)
	return self:shift() or fail(after.stop + 1, expected)
end

local function is_call(token)
	return token.kind == "name" and (token.value == "contains" or token.value == "match")
end

function Parser:add(item)
	local items, children = self.level.items, self.level.children
	items[#items + 1] = item
	if item.kind == "term" or item.kind == "level" then
		children[#children + 1] = item
	end
end

function Parser:comparison(name)
	local operator = self:need(name, "an operator after " .. name.value)
	local value = self:need(operator, "a value after " .. name.value)
	local term = terms.comparison(name, operator, value)
	self:add {
		kind = "term",
		term = term,
		name = name,
		operator = operator,
		value = value,
		at = name.at,
		stop = value.stop,
	}
end

function Parser:call(first, call, negated)
	local open = self:shift()
	local name = self:need(open or call, "a name in " .. call.value .. "()")
	local comma = self:shift()
	local value = self:need(comma or name, "a value in " .. call.value .. "()")
	local close = self:shift()
	local term = terms.call(call.value, name, value, negated)
	self:add {
		kind = term and "term" or "ignored",
		term = term,
		call = call.value,
		name = name,
		value = value,
		well_formed = open.kind == "("
			and comma.kind == ","
			and close ~= nil
			and (close.kind == ")" or close.kind == "end"),
		cut = close ~= nil and close.kind == "end",
		at = first.at,
		stop = close and close.kind ~= "end" and close.stop or value.stop,
	}
end

function Parser:group(open)
	local inner = {}
	local token = self:shift()
	while token and token.kind ~= ")" do
		inner[#inner + 1] = token
		token = self:shift()
	end
	if not token then
		fail(open.at, self.nested and "no parentheses in parentheses" or "a ) for this (")
	end
	inner[#inner + 1] = { kind = "end", value = "eos", at = token.at, stop = token.at - 1 }
	self:add { kind = "level", level = trigger_parser.level(inner, true), at = open.at, stop = token.stop }
end

function Parser:item(token)
	local follows = self.tokens[self.at]
	if token.kind == "name" and terms.subject_of(token.value) then
		self:comparison(token)
	elseif is_call(token) then
		self:call(token, token, false)
	elseif token.kind == "operator" and token.value == "!" and follows and is_call(follows) then
		self:call(token, self:shift(), true)
	elseif token.kind == "(" then
		self:group(token)
	elseif token.kind == "conditional" then
		self.level.operator = token.value
		self:add { kind = "conditional", value = token.value, at = token.at, stop = token.stop }
	else
		self:add { kind = "ignored", token = token, at = token.at, stop = token.stop }
	end
end

--- The level that some tokens are.
---@param tokens table[]
---@param nested boolean whether they are in parentheses
---@return table level
function trigger_parser.level(tokens, nested)
	local level = { items = {}, children = {}, operator = "and" }
	local parser = setmetatable({ tokens = tokens, at = 1, level = level, nested = nested }, Parser)
	local token = parser:shift()
	while token and token.kind ~= "end" do
		parser:item(token)
		token = parser:shift()
	end
	return level
end

local function read(text)
	local level = trigger_parser.level(tokens_of.read(text), false)
	local only = #level.children < 2 and level.children[1]
	if only == nil or only and only.kind == "level" and #only.level.children == 0 then
		fail(1, 'a term, such as type = "track"')
	end
	return level
end

--- The place of a byte as a person counts: characters, from 1.
---@param text string
---@param at integer
---@return integer
function trigger_parser.place(text, at)
	return select(2, text:sub(1, at - 1):gsub("[^\x80-\xbf]", "")) + 1
end

--- Reads a trigger.
---@param text string
---@return table? level
---@return string? message
---@return "bad_trigger"? code
function trigger_parser.parse(text)
	if #text > TEXT_MOST then
		return nil, ("the trigger has %d bytes: at most %d are read"):format(#text, TEXT_MOST), "bad_trigger"
	end
	local ok, result = pcall(read, text)
	if ok then
		return result
	elseif type(result) ~= "table" or not result.expected then
		error(result, 0)
	end
	local place = trigger_parser.place(text, result.at)
	return nil,
		("the trigger cannot be read at character %d: expected %s"):format(place, result.expected),
		"bad_trigger"
end

return trigger_parser
