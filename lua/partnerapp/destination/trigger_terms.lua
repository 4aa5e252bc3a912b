-- The terms of a trigger: what a comparison means, and whether an event fulfils it. The rules are Segment's; the ones
-- that surprise are in trigger_warnings.
--
-- A term is { subject, path, operator, value }: `subject` is type, event, name, userId, properties, traits or context,
-- and `path` leads into the last three.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"

local trigger_terms = {}

local to_string = javascript.to_string

--- What a name in a trigger is about: its subject, and the path in it. nil when it is about nothing that triggers know.
---@param name string
---@return string? subject, string? path
function trigger_terms.subject_of(name)
	local first = name:match "^[^.]*"
	if first == "properties" or first == "traits" or first == "context" then
		return first, name == first and first or name:sub(#first + 2)
	elseif first == "type" or first == "event" or first == "name" or first == "userId" then
		return first
	end
end

-- As above for the argument of contains() and match(): `type` is not known there, and "propertiesOf" is.
local function argument_subject_of(name)
	if name == "event" or name == "name" or name == "userId" then
		return name
	end
	for _, subject in ipairs { "properties", "traits", "context" } do
		if name:sub(1, #subject) == subject then
			return subject, name:sub(#subject + 1, #subject + 1) == "." and name:sub(#subject + 2) or name
		end
	end
end

-- What a token stands for. Only double quotes are taken off.
local function value_of(token)
	if token.kind == "string" then
		return (token.value:gsub('^"', ""):gsub('"$', ""))
	elseif token.kind == "number" then
		return javascript.to_number(token.value)
	elseif token.kind == "name" and (token.value == "true" or token.value == "false") then
		return token.value == "true"
	end
	return token.value
end

-- The operators that depend on the value, and which subjects have them.
local function special_operator(subject, operator, value)
	local in_object = subject == "properties" or subject == "traits" or subject == "context"
	if value.value == "null" and (in_object or subject == "name" or subject == "userId") then
		return operator == "!=" and "exists" or operator == "=" and "not_exists" or nil
	elseif operator == "=" and (in_object or subject == "userId") and value.value == "true" then
		return "is_true"
	elseif operator == "=" and (in_object or subject == "userId") and value.value == "false" then
		return "is_false"
	elseif in_object and value.kind == "number" then
		return operator == "=" and "number_equals" or operator == "!=" and "number_not_equals" or nil
	end
end

--- The term of a comparison.
---@param name table the token of the subject
---@param operator table token
---@param value table token
---@return table? term nil when the name is about nothing that triggers know
function trigger_terms.comparison(name, operator, value)
	local subject, path = trigger_terms.subject_of(name.value)
	if not subject then
		return nil
	end
	local term = { subject = subject, path = path, operator = operator.value, value = value_of(value) }
	local special = special_operator(subject, operator.value, value)
	if special then
		term.operator = special
	elseif not path then
		term.value = to_string(term.value)
	end
	return term
end

--- The term of contains(name, value) or match(name, value).
---@param call string "contains" or "match"
---@param name table token
---@param value table token
---@param negated boolean
---@return table? term nil when the name is about nothing that these two know
function trigger_terms.call(call, name, value, negated)
	local subject, path = argument_subject_of(name.value)
	if not subject then
		return nil
	end
	local operator, text = "contains", to_string(value_of(value))
	if call == "match" and value.value:find '%*"$' then
		operator, text = "starts_with", text:sub(1, -2)
	elseif call == "match" then
		operator, text = "ends_with", text:gsub("^[^\x80-\xbf][\x80-\xbf]*", "", 1)
	end
	return { subject = subject, path = path, operator = (negated and "not_" or "") .. operator, value = text }
end

local function is_number(value)
	return type(value) == "number"
end

local function is_string(value)
	return type(value) == "string"
end

local function exists(actual)
	return actual ~= nil and actual ~= json.null
end

local function starts_with(actual, text)
	return actual:sub(1, #text) == text
end

local function ends_with(actual, text)
	return text == "" or actual:sub(-#text) == text
end

-- Comparisons of numbers, with the actual and the expected one.
local NUMBERS = {
	["<"] = function(a, b)
		return a < b
	end,
	["<="] = function(a, b)
		return a <= b
	end,
	[">"] = function(a, b)
		return a > b
	end,
	[">="] = function(a, b)
		return a >= b
	end,
	number_equals = function(a, b)
		return a == b
	end,
	number_not_equals = function(a, b)
		return a ~= b
	end,
}

-- Tests of texts.
local TEXTS = {
	contains = function(actual, text)
		return actual:find(text, 1, true) ~= nil
	end,
	not_contains = function(actual, text)
		return not actual:find(text, 1, true)
	end,
	starts_with = starts_with,
	not_starts_with = function(actual, text)
		return not starts_with(actual, text)
	end,
	ends_with = ends_with,
	not_ends_with = function(actual, text)
		return not ends_with(actual, text)
	end,
}

-- Tests of any value.
local ANY = {
	["="] = function(actual, expected)
		return actual == to_string(expected)
	end,
	["!="] = function(actual, expected)
		return actual ~= to_string(expected)
	end,
	exists = exists,
	not_exists = function(actual)
		return not exists(actual)
	end,
	is_true = function(actual)
		return actual == true
	end,
	is_false = function(actual)
		return actual == false
	end,
}

--- Whether an operator is one that can hold.
---@param operator string
---@return boolean
function trigger_terms.is_operator(operator)
	return NUMBERS[operator] ~= nil or TEXTS[operator] ~= nil or ANY[operator] ~= nil
end

--- Whether an operator compares numbers.
---@param operator string
---@return boolean
function trigger_terms.compares_numbers(operator)
	return NUMBERS[operator] ~= nil
end

--- The value of an event that a term is about.
---@param term table
---@param event table
---@return any value nil when the event has none
---@return boolean failed true when Segment fails at this path
function trigger_terms.actual(term, event)
	local value = event[term.subject]
	if not term.path then
		return value, false
	elseif term.path == "" then
		return nil, false
	end
	local parts = 0
	for part in term.path:gmatch "[^%[.%]]+" do
		parts = parts + 1
		if javascript.truthy(value) then
			value = javascript.property(value, part)
		end
	end
	return value, parts == 0
end

--- Whether an event fulfils a term. nil when Segment fails at it, which ends the whole trigger.
---@param term table
---@param event table
---@return boolean?
function trigger_terms.holds(term, event)
	local actual, failed = trigger_terms.actual(term, event)
	local operator = term.operator
	if failed then
		return nil
	elseif NUMBERS[operator] then
		return is_number(actual) and NUMBERS[operator](actual + 0.0, javascript.to_number(term.value))
	elseif TEXTS[operator] then
		return is_string(actual) and TEXTS[operator](actual, term.value)
	end
	return ANY[operator] ~= nil and ANY[operator](actual, term.value)
end

return trigger_terms
