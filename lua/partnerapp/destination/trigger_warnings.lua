-- What surprises in a trigger. Segment reads every text that is not quite wrong, and says nothing.
local javascript = require "partnerapp.destination.javascript"
local parser = require "partnerapp.destination.trigger_parser"
local path_warnings = require "partnerapp.destination.path_warnings"
local terms = require "partnerapp.destination.trigger_terms"

local trigger_warnings = {}

local TYPES = { track = true, identify = true, page = true, screen = true, group = true, alias = true, delete = true }
local VALUES = { string = true, number = true, null = true, name = true }

local Warnings = {}
Warnings.__index = Warnings

function Warnings:add(at, message, ...)
	self.list[#self.list + 1] = { message = message:format(...), place = parser.place(self.text, at), at = at }
end

function Warnings:source(at, stop)
	return self.text:sub(at, stop)
end

local function is_plain(subject)
	return subject == "type" or subject == "event" or subject == "name" or subject == "userId"
end

-- A value that is read in another way than it looks.
function Warnings:value(item)
	local value = item.value
	if value.kind == "string" and value.value:sub(1, 1) == "'" then
		self:add(value.at, 'single quotes are part of the text: write "%s"', value.value:sub(2, -2))
	elseif value.kind == "name" and value.value ~= "true" and value.value ~= "false" then
		self:add(value.at, '%s is compared as the text "%s": write it in double quotes', value.value, value.value)
	elseif value.kind == "end" then
		self:add(value.at, 'a value is missing here, and the text "eos" is compared instead')
	elseif not VALUES[value.kind] then
		self:add(value.at, "%s is not a value, and is compared as a text", value.value)
	end
	if value.reopened then
		self:add(value.stop, "white space is missing after this quote, which opens another text")
	end
end

-- An operator that never holds with this value.
function Warnings:never(item)
	local term, subject = item.term, item.term.subject
	if not terms.is_operator(term.operator) then
		self:add(item.operator.at, "%s is not an operator: this never matches", item.operator.value)
	elseif terms.compares_numbers(term.operator) then
		local number = javascript.to_number(term.value)
		if number ~= number and term.operator ~= "number_not_equals" then
			self:add(item.value.at, "this is not a number: the comparison never matches")
		elseif is_plain(subject) then
			self:add(item.at, "%s is compared as a number, which never matches a string", subject)
		end
	elseif subject == "type" and term.operator == "=" and not TYPES[term.value] then
		self:add(
			item.value.at,
			"no event has the type %s: this never matches",
			self:source(item.value.at, item.value.stop)
		)
	end
end

-- A missing value, true, false, null and numbers, where they do not do what they say.
function Warnings:comparison(item)
	local term, value = item.term, item.value
	local subject, operator = term.subject, term.operator
	local literal = value.kind == "null" or value.value == "true" or value.value == "false"
	local equality = operator == "=" or operator == "!="
	if equality and literal then
		self:add(item.at, '%s is compared with the text "%s"', self:source(item.at, item.name.stop), value.value)
	elseif equality and value.kind == "number" then
		self:add(item.at, '%s is compared with the text "%s": the number does not match', subject, term.value)
	elseif operator == "!=" and not is_plain(subject) then
		self:add(item.at, "this also takes events without %s", item.name.value)
	elseif operator == "number_not_equals" then
		self:add(item.at, "this does not take events without %s, or in which it is not a number", item.name.value)
	end
	if is_plain(subject) and item.name.value ~= subject then
		self:add(item.at, "%s is read as %s", item.name.value, subject)
	elseif term.path == subject then
		self:add(item.at, "%s without a path is read as %s.%s", subject, subject, subject)
	end
end

-- A member of the context that no library sends.
function Warnings:context(item)
	local term = item.term
	local name = term.subject == "context" and term.path and term.path:match "^[^.]+"
	local message = name and path_warnings.context(name)
	if message then
		self:add(item.at, "%s", message)
	end
end

-- Stars that are not stars.
function Warnings:stars(item)
	local text = javascript.to_string(item.term.value)
	if item.term.operator:find "ends_with" and item.value.value:sub(2, 2) ~= "*" then
		self:add(item.value.at, 'match() without a * at an end means: ends with "%s"', text)
	elseif text:find("*", 1, true) then
		local which = item.term.operator:find "ends_with" and "ends" or "begins"
		self:add(item.value.at, 'only one * at one end has a meaning: this is: %s with "%s"', which, text)
	end
end

function Warnings:call(item, nested)
	if not item.well_formed then
		self:add(item.at, 'this is not written as %s(name, "text"), and is read by position', item.call)
	end
	if item.cut and nested then
		self:add(item.at, "the ) of %s() ends the parentheses around it: what follows is outside of them", item.call)
	elseif item.cut then
		self:add(item.at, "%s() has no )", item.call)
	end
	if item.kind == "ignored" then
		self:add(item.at, "%s() does not know %s, and is ignored", item.call, item.name.value)
		return
	end
	self:context(item)
	if item.call == "match" then
		self:stars(item)
	end
	if item.term.operator:find "^not_" then
		self:add(item.at, "this does not take events without %s", item.name.value)
	end
end

-- Terms of one level that no event can fulfil together.
function Warnings:contradictions(level)
	local wanted = {}
	if level.operator ~= "and" then
		return
	end
	for _, child in ipairs(level.children) do
		local term = child.term
		if term and term.operator == "=" and not child.call then
			local key = term.subject .. "." .. (term.path or "")
			local value = javascript.to_string(term.value)
			if wanted[key] and wanted[key] ~= value then
				self:add(child.at, "%s cannot be two texts at once: this never matches", child.name.value)
			end
			wanted[key] = wanted[key] or value
		end
	end
end

-- Words between terms: those that mean nothing, and `and` and `or` that do not join two terms.
function Warnings:joints(level)
	local before -- the item before, without the ignored ones
	for at, item in ipairs(level.items) do
		if item.kind == "conditional" then
			if item.value ~= level.operator then
				self:add(item.at, 'the last and/or of a level joins all of it: this is read as "%s"', level.operator)
			end
			if not before or before.kind == "conditional" then
				self:add(item.at, 'no term stands before "%s"', item.value)
			end
		elseif item.kind == "ignored" and item.token then
			local previous = level.items[at - 1]
			if not (previous and previous.kind == "ignored" and previous.token) then
				self:add(item.at, "%s is ignored", self:source(item.at, item.stop))
			end
		elseif before and before.kind ~= "conditional" then
			self:add(item.at, 'and/or is missing before this: it is read as "%s"', level.operator)
		end
		before = (item.kind ~= "ignored" or item.call) and item or before
	end
	if before and before.kind == "conditional" then
		self:add(before.at, 'no term stands after "%s"', before.value)
	end
end

function Warnings:level(level, nested)
	self:joints(level)
	self:contradictions(level)
	for _, item in ipairs(level.items) do
		if item.kind == "level" then
			self:level(item.level, true)
			if #item.level.children == 0 then
				self:add(item.at, "these parentheses have no term: Segment fails when it comes to them")
			end
		elseif item.call then
			self:call(item, nested)
			self:value(item)
		elseif item.kind == "term" then
			self:comparison(item)
			self:context(item)
			self:never(item)
			self:value(item)
		end
	end
end

--- The warnings for a trigger that was read.
---@param text string
---@param level table
---@return {message: string, place: integer}[] in the order of their places
function trigger_warnings.of(text, level)
	local warnings = setmetatable({ text = text, list = {} }, Warnings)
	warnings:level(level, false)
	table.sort(warnings.list, function(a, b)
		return a.at < b.at or a.at == b.at and a.message < b.message
	end)
	for at, warning in ipairs(warnings.list) do
		warnings.list[at] = { message = warning.message, place = warning.place }
	end
	return warnings.list
end

return trigger_warnings
