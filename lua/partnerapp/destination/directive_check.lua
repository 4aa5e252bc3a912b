-- The check of a mapping before it is resolved, with Segment's sentences. Members of arrays are not checked there.
--
-- A check takes the value, its path (nil at the root) and the report { list, work, depth }, to which it adds what is
-- wrong. It gives false when it did, and what comes after it is not checked then.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local directive_check = {}

local PATTERN_MOST = 10 -- characters; also of a replacement

local function problem(report, path, text, ...)
	report.list[#report.list + 1] = ("/%s %s."):format(path or "", text:format(...))
	return false
end

local function below(path, name)
	return path and path .. "/" .. name or name
end

local function is_key(name)
	return name:sub(1, 1) == "@"
end

-- "directive" for objects with a directive's key, otherwise the type.
local function kind_of(value)
	local kind = javascript.type_of(value)
	for name in pairs(kind == "object" and value or {}) do
		if type(name) == "string" and is_key(name) then
			return "directive"
		end
	end
	return kind
end

local function with_article(kind)
	return (kind:find "^[aeiou]" and "an " or "a ") .. kind
end

-- Checks of the type alone

local function one_of(wanted, ...)
	local kinds = {}
	for _, kind in ipairs { ... } do
		kinds[kind] = true
	end
	return function(value, path, report)
		local kind = kind_of(value)
		return kinds[kind] or problem(report, path, "should be %s but it is %s", wanted, with_article(kind))
	end
end

local is_string = one_of("a string", "string")
local is_boolean = one_of("a boolean", "boolean")
local is_object = one_of("an object", "object")
local is_string_or_directive = one_of("a string or a mapping directive", "string", "directive")
local is_object_or_directive = one_of("a object or a mapping directive", "object", "directive")
local is_value =
	one_of("a mapping directive or a JSON value", "directive", "object", "array", "boolean", "string", "number", "null")

-- Here a directive is an object as any other.
local function is_array(value, path, report)
	local kind = javascript.type_of(value)
	return kind == "array" or problem(report, path, "should be an array but it is %s", with_article(kind))
end

local function is_short_string(least)
	return function(value, path, report)
		if not is_string(value, path, report) then
			return false
		elseif javascript.length(value) < least then
			return problem(report, path, "should be a string of length %d or greater", least)
		elseif javascript.length(value) > PATTERN_MOST then
			return problem(report, path, "should be a string of length %d or less", PATTERN_MOST)
		end
		return true
	end
end

local function is_word(first, second)
	return function(value, path, report)
		if not is_string(value, path, report) then
			return false
		end
		local word = javascript.lower(value)
		if word == first or word == second then
			return true
		end
		return problem(report, path, "should be one of %s, %s but it is %s", first, second, json.encode(value))
	end
end

-- Checks that look into the value

local check

local function check_members(value, path, report)
	if not is_object(value, path, report) then
		return false
	end
	local fine = true
	for _, name in ipairs(members.names(value)) do
		fine = check(value[name], below(path, name), report) and fine
	end
	return fine
end

-- The check of the type, then of what is inside.
local function into(is)
	return function(value, path, report)
		return is(value, path, report) and check(value, path, report)
	end
end

-- An object with fields { name, check, required }. The check of the members has looked into them, so that these are of
-- the type alone: to look into them again would double the work at each level.
local function with_fields(fields)
	return function(value, path, report)
		if not check_members(value, path, report) then
			return false
		end
		local fine = true
		for _, field in ipairs(fields) do
			local member = value[field[1]]
			if member ~= nil then
				fine = field[2](member, below(path, field[1]), report) and fine
			elseif field.required then
				fine = problem(report, path, "should have field %s but it doesn't", json.encode(field[1]))
			end
		end
		return fine
	end
end

local merge_fields = with_fields {
	{ "direction", is_word("left", "right") },
	{ "objects", is_array, required = true },
}

local checks = {
	["@if"] = with_fields { { "exists", is_value }, { "then", is_value }, { "else", is_value } },
	["@case"] = with_fields { { "operator", is_string }, { "value", is_string_or_directive } },
	["@replace"] = with_fields {
		{ "pattern", is_short_string(1), required = true },
		{ "replacement", is_short_string(0) },
		{ "value", is_string_or_directive, required = true },
		{ "ignorecase", is_boolean },
		{ "global", is_boolean },
	},
	["@arrayPath"] = function(value, path, report)
		return is_array(value, path, report)
			and into(is_string_or_directive)(value[1], path, report)
			and check(value[2], path, report)
	end,
	["@path"] = into(is_string_or_directive),
	["@json"] = with_fields {
		{ "value", is_value, required = true },
		{ "mode", is_word("encode", "decode"), required = true },
	},
	["@flatten"] = with_fields { { "separator", is_string }, { "value", is_value, required = true } },
	["@merge"] = function(value, path, report)
		if not merge_fields(value, path, report) then
			return false
		end
		for _, object in ipairs(value.objects) do
			if not into(is_object_or_directive)(object, nil, report) then -- Segment gives no path
				return false
			end
		end
		return true
	end,
	["@template"] = into(is_string_or_directive),
	["@literal"] = function(value, path, report)
		return is_value(value, path, report) and (kind_of(value) ~= "directive" or check(value, path, report))
	end,
	["@transform"] = with_fields {
		{ "apply", is_object_or_directive, required = true },
		{ "mapping", is_object_or_directive, required = true },
	},
	["@liquid"] = function(value, path, report)
		return is_string(value, path, report)
			and problem(report, path, "has a Liquid template, which partnerapp does not resolve yet")
	end,
}
checks["@excludeWhenNull"] = checks["@literal"]

local function check_directive(value, path, report)
	local keys, others, all = {}, 0, 0
	for _, name in ipairs(members.names(value)) do
		all = all + 1
		if is_key(name) then
			keys[#keys + 1] = name
		elseif name ~= "_metadata" then
			others = others + 1
		end
	end
	if #keys > 1 or others > 0 then
		local count = #keys > 1 and #keys or all
		return problem(report, path, "should only have one @-prefixed key but it has %d keys", count)
	elseif not checks[keys[1]] then
		return problem(report, path, "has an invalid directive: %s", keys[1])
	end
	return checks[keys[1]](value[keys[1]], below(path, keys[1]), report)
end

function check(value, path, report)
	local kind = kind_of(value)
	local fine = true
	report.depth = report.depth + 1
	report.work:step(report.depth)
	if kind == "directive" then
		fine = check_directive(value, path, report)
	elseif kind == "object" then
		fine = check_members(value, path, report)
	end
	report.depth = report.depth - 1
	return fine
end

--- What is wrong with a mapping: lines like "/user/@path should be a string …". Raises as work:step does.
---@param mapping any
---@param work partnerapp.destination.work
---@return string[]
function directive_check.problems(mapping, work)
	local report = { list = {}, work = work, depth = 0 }
	check(mapping, nil, report)
	return report.list
end

return directive_check
