-- Fields of an action, and settings of a destination: read from the list that a definition has, checked, and written as
-- Segment's manifest has them.
--
-- A field that was read is a table with `name` and the options of destination/field_options; `choices` is a list of
-- { value, label }, `properties` a list of fields.
local checks = require "partnerapp.destination.field_checks"
local conditions = require "partnerapp.destination.conditions"
local field_options = require "partnerapp.destination.field_options"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"

local fields = {}

local allows = field_options.allows

local DEPTH_MAX = 8 -- of properties; Segment's own destinations need 3, a table that contains itself has no end
local PROBLEMS_MAX = 20 -- that are listed: one mistake in a generated definition would fill the screen

-- What is wrong so far, and the conditions to look at when all fields are known.
local function new_reading(setting)
	return { problems = {}, count = 0, pending = {}, setting = setting }
end

-- A field being read: `where` is its name for messages, `level` the list of fields that it is in, `above` the list that
-- the object is in of which it is a property.
local function place(reading, where, level, above, depth)
	local at =
		{ reading = reading, setting = reading.setting, where = where, level = level, above = above, depth = depth }
	function at.complain(message, ...)
		reading.count = reading.count + 1
		if reading.count <= PROBLEMS_MAX then
			local which = where and ("field '%s': "):format(where) or ""
			reading.problems[reading.count] = which .. message:format(...)
		end
	end
	return at
end

local function read_type(given, at)
	local types = at.setting and field_options.SETTING_TYPES or field_options.TYPES
	if given.type == nil then
		at.complain("type is missing: %s", table.concat(types, ", "))
	elseif not allows(types, given.type) then
		local name = tostring(given.type)
		local known = allows(field_options.TYPES, given.type)
		at.complain(
			known and "the type of a setting is not '%s'%s" or "unknown type '%s'%s",
			name,
			nearest(name, types)
		)
	else
		return given.type
	end
end

local function check_names(given, at)
	local known = at.setting and field_options.setting_names or field_options.names
	local unknown = {}
	for name in pairs(given) do
		if name ~= 1 and not allows(known, name) then
			unknown[#unknown + 1] = tostring(name)
		end
	end
	table.sort(unknown)
	for _, name in ipairs(unknown) do
		local row = field_options.by_name[name]
		at.complain(row and "a setting has no option '%s'%s" or "unknown option '%s'%s", name, nearest(name, known))
	end
end

local read_list

local function read_properties(value, at, field)
	if field.type ~= "object" then
		at.complain("properties are for the type object, not for %s", field.type)
	elseif at.depth == DEPTH_MAX then
		at.complain("properties are nested deeper than %d, or contain themselves", DEPTH_MAX)
	else
		return read_list(at.reading, value, at.where, at.level, at.depth + 1)
	end
end

local function read_option(row, value, at, field)
	local name, kind = row[1], row.kind
	if kind == "properties" then
		return read_properties(value, at, field)
	elseif type(kind) == "table" then
		checks.word(value, kind, at, name, field)
		return value
	end
	return checks[kind](value, at, name, field) or value
end

local function read_field(given, name, at)
	local field = { name = name, type = read_type(given, at), multiple = given.multiple, allow_null = given.allow_null }
	check_names(given, at)
	if not field.type then
		return field
	end
	for _, row in ipairs(field_options.FIELD) do
		local value = given[row[1]]
		if value ~= nil and row[1] ~= "type" then
			field[row[1]] = read_option(row, value, at, field)
		end
	end
	local least, most = field.minimum, field.maximum
	if type(least) == "number" and type(most) == "number" and least ~= 0 and most ~= 0 and least > most then
		at.complain("minimum %s is above maximum %s", least, most)
	end
	return field
end

local EXAMPLE = 'a field is { "name", type = "string", … }'

local function read_entry(reading, given, i, where, seen)
	local name = type(given) == "table" and given[1]
	if type(name) ~= "string" or name == "" or not utf8.len(name) or given[2] ~= nil then
		place(reading, where).complain("number %s of the list is not a field: %s", i, EXAMPLE)
		return nil
	end
	where = where and where .. "." .. name or name
	if seen[name] then
		place(reading, where).complain "the name is there twice"
		return nil
	end
	seen[name] = true
	return name, where
end

-- Reads the fields of an action, or the properties of the object `where`.
read_list = function(reading, given, where, above, depth)
	local list, seen = {}, {}
	reading.root = reading.root or list
	if not checks.is_list(given) then
		place(reading, where).complain("fields are a list, without names as keys: %s", EXAMPLE)
		return list
	end
	for key in pairs(given) do
		if math.type(key) ~= "integer" or key < 1 or key > #given then
			place(reading, where).complain("fields are a list, without the key '%s': %s", tostring(key), EXAMPLE)
		end
	end
	for i, one in ipairs(given) do
		local name, path = read_entry(reading, one, i, where, seen)
		if name then
			list[#list + 1] = read_field(one, name, place(reading, path, list, above, depth))
		end
	end
	return list
end

-- Finds the field of a list by its name, in one step for each but the first.
local function new_finder()
	local indexes = {}
	return function(list, name)
		local index = indexes[list]
		if not index then
			index = {}
			for _, field in ipairs(list) do
				index[field.name] = field
			end
			indexes[list] = index
		end
		return index[name]
	end
end

local function check_pending(reading)
	local find = new_finder()
	for _, pending in ipairs(reading.pending) do
		local given, at, scopes = table.unpack(pending)
		for _, key in ipairs(conditions.missing(given, scopes, find)) do
			local names = {}
			for i, field in ipairs(reading.count < PROBLEMS_MAX and scopes[1] or {}) do
				names[i] = field.name
			end
			at.complain("a condition names the field '%s', which is not there%s", key, nearest(key, names))
		end
	end
end

--- Reads the list of a definition. A wrong list is an error that names each wrong field and what was meant.
---@param given table[] { { "name", type = …, … }, … }
---@param options {setting: boolean?}? setting: they are settings of a destination, which have fewer types and options
---@return table[]? fields, string? message one line for each problem, string? code "bad_definition"
function fields.read(given, options)
	local reading = new_reading(options and options.setting or false)
	local list = read_list(reading, given, nil, nil, 1)
	if reading.count == 0 then
		check_pending(reading)
	end
	if reading.count == 0 then
		return list
	end
	if reading.count > PROBLEMS_MAX then
		reading.problems[PROBLEMS_MAX + 1] = ("… and %d more"):format(reading.count - PROBLEMS_MAX)
	end
	return nil, table.concat(reading.problems, "\n"), "bad_definition"
end

local function choices_of(choices)
	local list = json.array {}
	for i, choice in ipairs(choices) do
		local one = members.new()
		members.set(one, "value", choice.value)
		members.set(one, "label", choice.label)
		list[i] = one
	end
	return list
end

local function manifest_of(field)
	local manifest = members.new()
	for _, row in ipairs(field_options.FIELD) do
		local option, value = row[1], field[row[1]]
		if option == "choices" and value then
			value = choices_of(value)
		elseif option == "properties" and value then
			value = fields.manifest(value)
		elseif (option == "depends_on" or option == "required") and type(value) == "table" then
			value = conditions.manifest(value)
		end
		if value ~= nil then
			members.set(manifest, row.manifest or option, value)
		end
	end
	return manifest
end

--- The fields as Segment's manifest has them: an object by name, in the order of the list.
---@param list table[] as `read` returned it
---@return table
function fields.manifest(list)
	local manifest = members.new()
	for _, field in ipairs(list) do
		members.set(manifest, field.name, manifest_of(field))
	end
	return manifest
end

return fields
