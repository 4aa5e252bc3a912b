-- Why a trigger does not take an event: the terms that failed, with the wanted and the actual values.
local json = require "partnerapp.json"
local javascript = require "partnerapp.destination.javascript"
local parser = require "partnerapp.destination.trigger_parser"
local terms = require "partnerapp.destination.trigger_terms"

local explanation = {}

local SHOWN_MOST = 100 -- characters of a string

local function print_string(text)
	local stop = utf8.offset(text, SHOWN_MOST + 1)
	if stop and stop <= #text then
		text = text:sub(1, stop - 1) .. "…"
	end
	return json.encode(text) or "a string that is not UTF-8"
end

local function print(value)
	local kind = javascript.type_of(value)
	if kind == "string" then
		return print_string(value)
	elseif kind == "array" or kind == "object" then
		return "an " .. kind
	elseif kind == "undefined" then
		return "missing"
	end
	return javascript.to_string(value)
end

local WANTED = {
	["="] = "%s",
	["!="] = "anything but %s",
	number_equals = "the number %s",
	number_not_equals = "a number other than %s",
	["<"] = "a number below %s",
	["<="] = "a number of at most %s",
	[">"] = "a number above %s",
	[">="] = "a number of at least %s",
	contains = "a string that contains %s",
	not_contains = "a string without %s",
	starts_with = "a string that begins with %s",
	not_starts_with = "a string that does not begin with %s",
	ends_with = "a string that ends with %s",
	not_ends_with = "a string that does not end with %s",
	exists = "a value",
	not_exists = "no value",
	is_true = "true",
	is_false = "false",
}

local function wanted(term)
	local format = WANTED[term.operator]
	if not format then
		return print_string(term.operator) .. " is not an operator, which never holds"
	elseif terms.compares_numbers(term.operator) then
		return "wanted " .. format:format(javascript.print_number(javascript.to_number(term.value)))
	elseif term.value == nil then
		return "wanted " .. format
	end
	return "wanted " .. format:format(print_string(javascript.to_string(term.value)))
end

--- How messages call what a term is about.
---@param term table
---@return string
function explanation.subject(term)
	return term.path and term.subject .. "." .. term.path or term.subject
end

local function of_term(text, item, event)
	local term = item.term
	local actual, failed = terms.actual(term, event)
	local subject = explanation.subject(term)
	local message = ("%s is %s, %s"):format(subject, print(actual), wanted(term))
	if failed then
		message = subject .. " is not a path: Segment fails at it"
	end
	return {
		message = message,
		place = parser.place(text, item.at),
		subject = subject,
		operator = term.operator,
		wanted = term.value,
		actual = actual,
	}
end

--- The terms of a level that do not hold, also in the levels inside it.
---@param text string the trigger
---@param level table one that does not hold
---@param event table
---@param level_holds fun(level: table, event: table): boolean?
---@return table[]
function explanation.of(text, level, event, level_holds)
	local found = {}
	for _, child in ipairs(level.children) do
		if child.kind == "term" and terms.holds(child.term, event) ~= true then
			found[#found + 1] = of_term(text, child, event)
		elseif child.kind == "level" and #child.level.children == 0 then
			local message = "the parentheses are empty: Segment fails at them"
			found[#found + 1] = { message = message, place = parser.place(text, child.at) }
		elseif child.kind == "level" and level_holds(child.level, event) ~= true then
			local inner = explanation.of(text, child.level, event, level_holds)
			table.move(inner, 1, #inner, #found + 1, found)
		end
	end
	return found
end

return explanation
