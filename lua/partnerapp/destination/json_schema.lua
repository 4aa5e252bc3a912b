-- Checks a value against the JSON Schema that destination/schema makes, and knows no other keyword. Values are made to
-- fit their types (destination/coercion) and unknown members are removed, in place. Order and result are those of ajv
-- with `allErrors`, `coerceTypes: "array"` and `removeAdditional`.
local coercion = require "partnerapp.destination.coercion"
local complaint = require "partnerapp.destination.complaint"
local formats = require "partnerapp.destination.formats"
local members = require "partnerapp.destination.members"

local json_schema = {}

local equal = members.equal

-- JSON Pointer
local function below(path, name)
	return path .. "/" .. tostring(name):gsub("~", "~0"):gsub("/", "~1")
end

-- `at` is a value with its schema: { schema, value, holder, key, path, errors }. The value is holder[key]. `errors` is
-- nil inside of "if": nothing is reported there, and the first failure ends the check.
local check

local function same_place(schema, at, errors)
	return check(schema, at.holder, at.key, at.path, errors)
end

local function report(at, text)
	if at.errors then
		at.errors[#at.errors + 1] = { path = at.path, message = complaint.sentence(at.schema, at.path, text) }
	end
	return false
end

local function each(at, count, checked)
	local valid = true
	for i = 1, count do
		if not checked(i) then
			valid = false
			if not at.errors then
				break
			end
		end
	end
	return valid
end

-- The keywords in their order, and the type of value that each is for.
local KEYWORDS = {
	{ "type" },
	{ "const" },
	{ "enum" },
	{ "not" },
	{ "anyOf" },
	{ "allOf" },
	{ "if" },
	{ "maximum", { "number" } },
	{ "minimum", { "number" } },
	{ "maxLength", { "string" } },
	{ "minLength", { "string" } },
	{ "format", { "string" } },
	{ "items", { "array" } },
	{ "required", { "object" } },
	{ "additionalProperties", { "object" } },
	{ "properties", { "object" } },
}

-- Each gets what the schema has under its keyword, and returns whether the value is valid.
local checks = {}

function checks.type(types, at)
	types = type(types) == "table" and types or { types }
	local fits, value = coercion.fit(types, at.value)
	at.value = value
	if not fits then
		return report(at, complaint.type(types, value))
	end
	at.holder[at.key] = value
	return true
end

function checks.const(const, at)
	return equal(const, at.value)
end

function checks.enum(values, at)
	for _, value in ipairs(values) do
		if equal(value, at.value) then
			return true
		end
	end
	return report(at, complaint.enum(values))
end

checks["not"] = function(rule, at)
	return not same_place(rule, at, nil)
end

function checks.anyOf(rules, at)
	for _, rule in ipairs(rules) do
		if same_place(rule, at, nil) then
			return true
		end
	end
	return false
end

function checks.allOf(rules, at)
	return each(at, #rules, function(i)
		return same_place(rules[i], at, at.errors)
	end)
end

checks["if"] = function(rule, at)
	if not same_place(rule, at, nil) or same_place(at.schema["then"], at, at.errors) then
		return true
	end
	return report(at, 'must match "then" schema')
end

function checks.maximum(most, at)
	return at.value <= most or report(at, complaint.limit(most, "less"))
end

function checks.minimum(least, at)
	return at.value >= least or report(at, complaint.limit(least, "greater"))
end

local function length(text)
	return utf8.len(text) or #text
end

function checks.maxLength(most, at)
	return length(at.value) <= most or report(at, complaint.length(most, "fewer", at.value))
end

function checks.minLength(least, at)
	return length(at.value) >= least or report(at, complaint.length(least, "more", at.value))
end

function checks.format(name, at)
	return formats.valid(name, at.value) or report(at, complaint.format(name))
end

function checks.items(rule, at)
	return each(at, #at.value, function(i)
		return check(rule, at.value, i, below(at.path, i - 1), at.errors)
	end)
end

function checks.required(names, at)
	return each(at, #names, function(i)
		return at.value[names[i]] ~= nil or report(at, complaint.required(names[i]))
	end)
end

function checks.additionalProperties(allowed, at)
	for name in pairs(at.value) do
		if not allowed and at.schema.properties[name] == nil then
			at.value[name] = nil
		end
	end
	return true
end

function checks.properties(rules, at)
	local names = members.names(rules)
	return each(at, #names, function(i)
		local name = names[i]
		return at.value[name] == nil or check(rules[name], at.value, name, below(at.path, name), at.errors)
	end)
end

-- The rows of KEYWORDS that a schema has, by schema: schemas do not change once they are made.
local rows_of = setmetatable({}, { __mode = "k" })

local function rows(schema)
	local list = {}
	for _, row in ipairs(KEYWORDS) do
		if schema[row[1]] ~= nil then
			list[#list + 1] = row
		end
	end
	rows_of[schema] = list
	return list
end

check = function(schema, holder, key, path, errors)
	local at = { schema = schema, holder = holder, key = key, path = path, errors = errors, value = holder[key] }
	local valid = true
	for _, row in ipairs(rows_of[schema] or rows(schema)) do
		local keyword, kinds = row[1], row[2]
		if (not kinds or coercion.fits(kinds, at.value)) and not checks[keyword](schema[keyword], at) then
			valid = false
			if not errors then
				break
			end
		end
	end
	return valid
end

--- Checks a value and changes it in place.
---@param schema table
---@param value any
---@return {path: string, message: string}[] errors none: it is valid
function json_schema.check(schema, value)
	local errors = {}
	check(schema, { root = value }, "root", "", errors)
	return errors
end

return json_schema
