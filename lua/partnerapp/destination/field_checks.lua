-- The checks of what an option of a field may hold. Each gets the value, the place of the field (see
-- destination/fields), the option's name and the field as far as it was read; one that returns a table has made the
-- value that is kept.
local conditions = require "partnerapp.destination.conditions"
local field_options = require "partnerapp.destination.field_options"
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"

local checks = {}

local VALUE_DEPTH_MAX = 32 -- a table that contains itself is nested without end

local KINDS = {
	string = "string",
	text = "string",
	password = "string",
	number = "number",
	integer = "number",
	boolean = "boolean",
	object = "object",
}

local function kind_of(value)
	if value == json.null then
		return "null"
	elseif type(value) ~= "table" then
		return type(value)
	end
	return members.is_object(value) and "object" or "list"
end

--- Whether a value is a list, an empty one included.
---@param value any
---@return boolean
function checks.is_list(value)
	return type(value) == "table" and (next(value) == nil or not members.is_object(value))
end

local function is_finite(number)
	return number == number and math.abs(number) ~= math.huge
end

-- Whether the value is one of that type. Directives and texts for other types are judged when an event comes.
local function fits(type_name, value)
	local kind = kind_of(value)
	if type_name == "datetime" then
		return kind == "string" or kind == "number"
	elseif type_name == "object" then
		return kind == "object" or kind == "list" and next(value) == nil
	elseif type_name == "integer" then
		return kind == "number" and value % 1 == 0
	end
	return kind == KINDS[type_name] and (kind ~= "number" or is_finite(value))
end

local function is_directive(value)
	if kind_of(value) ~= "object" then
		return false
	end
	local count = 0
	for name in pairs(value) do
		if name:sub(1, 1) == "@" then
			count = count + 1
		elseif name ~= "_metadata" then
			return false
		end
	end
	return count == 1
end

local function is_too_deep(value, depth)
	if type(value) ~= "table" then
		return false
	elseif depth == 0 then
		return true
	end
	for _, inner in pairs(value) do
		if is_too_deep(inner, depth - 1) then
			return true
		end
	end
	return false
end

function checks.text(value, at, name)
	if type(value) ~= "string" or not utf8.len(value) then
		at.complain("%s is not a string", name)
	end
end

function checks.boolean(value, at, name)
	if type(value) ~= "boolean" then
		at.complain("%s is not true or false", name)
	end
end

function checks.limit(value, at, name, field)
	if type(value) ~= "number" or not is_finite(value) then
		at.complain("%s is not a number", name)
	elseif field.type == "string" and (value < 0 or value % 1 ~= 0) then
		at.complain("%s of a string counts its characters: not below 0, and no fraction", name)
	end
end

-- `scopes`: the lists of fields that the conditions may name.
local function check_conditions(value, at, scopes)
	if conditions.check(value, at.complain) then
		local pending = at.reading.pending
		pending[#pending + 1] = { value, at, scopes }
	end
end

-- A form has all values, so the names are those of the whole list, or those beside the field.
function checks.depends_on(value, at)
	check_conditions(value, at, { at.reading.root, at.level })
end

-- Segment judges these beside the object, so the names are those of the list that the object is in.
function checks.required(value, at)
	if type(value) == "table" then
		check_conditions(value, at, { at.above or at.level })
	elseif type(value) ~= "boolean" then
		at.complain "required is true, false or conditions"
	end
end

local function check_one_default(value, at, field)
	if is_directive(value) then
		if at.setting then
			at.complain "default of a setting is a value: there is no event for a directive"
		end
	elseif not fits(field.type, value) and not (value == json.null and field.allow_null) then
		at.complain("default has the type %s, and the field the type %s", kind_of(value), field.type)
	end
end

function checks.default(value, at, _, field)
	if is_too_deep(value, VALUE_DEPTH_MAX) then
		return at.complain("default is nested deeper than %d, or contains itself", VALUE_DEPTH_MAX)
	elseif not field.multiple or not checks.is_list(value) then
		return check_one_default(value, at, field)
	end
	for _, one in ipairs(value) do
		check_one_default(one, at, field)
	end
end

-- A choice is a value or { value, label }; Segment itself takes only strings without a label.
local function read_choice(choice, at, field)
	local value, label = choice, nil
	if kind_of(choice) == "object" then
		value, label = choice.value, choice.label
		for _, name in ipairs(members.names(choice)) do
			if name ~= "value" and name ~= "label" then
				at.complain("unknown part '%s' of a choice%s", name, nearest(name, { "value", "label" }))
			end
		end
	end
	if value == nil or not fits(field.type, value) then
		local text = "a choice has a value of type %s, and the field the type %s"
		return at.complain(text, kind_of(value), field.type)
	elseif label ~= nil and type(label) ~= "string" then
		return at.complain "the label of a choice is not a string"
	end
	return { value = value, label = label or javascript.to_string(value) }
end

function checks.choices(value, at, _, field)
	if field.type == "object" then
		return at.complain "choices are for single values, not for objects"
	elseif not checks.is_list(value) or #value == 0 then
		return at.complain 'choices is a list of values or of { value = …, label = "…" }, and not empty'
	end
	local list, seen = {}, {}
	for _, given in ipairs(value) do
		local choice = read_choice(given, at, field)
		if choice and seen[choice.value] then
			at.complain("the choice '%s' is there twice", tostring(choice.value))
		elseif choice then
			seen[choice.value] = true
			list[#list + 1] = choice
		end
	end
	return list
end

--- The check of a word that is one of a list.
function checks.word(value, words, at, name, field)
	if name == "format" and field.type == "object" then
		at.complain "format is for strings, not for objects"
	elseif not field_options.allows(words, value) then
		value = tostring(value)
		at.complain("unknown %s '%s'%s", name, value, nearest(value, words))
	end
end

-- A list of words.
function checks.words(value, at, name)
	local words = field_options.by_name[name].words
	if not checks.is_list(value) then
		at.complain("%s is a list of %s", name, table.concat(words, ", "))
		return
	end
	for _, word in ipairs(value) do
		checks.word(word, words, at, name, {})
	end
	return json.array(value)
end

return checks
