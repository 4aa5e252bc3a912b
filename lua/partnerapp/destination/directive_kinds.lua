-- What each directive does. A directive takes the run, its value and the payload, and gives the result; nil and
-- javascript.undefined are "undefined", with which a member vanishes. The run resolves what is inside:
-- run:resolve(mapping, payload), run:transform(mapping, payload), run:cleaned(value) and run:fail(message, …).
local flattening = require "partnerapp.destination.flattening"
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local paths = require "partnerapp.destination.paths"
local placeholders = require "partnerapp.destination.placeholders"
local replacement = require "partnerapp.destination.replacement"

local directive_kinds = {}

local truthy, type_of = javascript.truthy, javascript.type_of

local ORDER_MARK = "\u{feff}" -- JSON.parse refuses it, partnerapp.json does not
local PATTERN_MOST = 10 -- UTF-16 units; also of a replacement

local function is_missing(value)
	local kind = type_of(value)
	return kind == "undefined" or kind == "null"
end

local function need_object(run, options, name, keys)
	if type_of(options) ~= "object" then
		run:fail("%s requires an object with %s", name, keys)
	end
end

-- A resolved string.
local function resolve_string(run, name, value, payload)
	local text = run:resolve(value, payload)
	if type_of(text) ~= "string" then
		run:fail("%s: expected string, got %s", name, type_of(text))
	end
	return text
end

-- Whether JavaScript finds a value different from ''.
local function is_not_blank(value)
	if type_of(value) == "array" then
		return javascript.to_string(value) ~= ""
	end
	return truthy(value)
end

directive_kinds["@if"] = function(run, options, payload)
	need_object(run, options, "@if", 'an "exists" key')
	local holds
	if not truthy(options.exists) and not truthy(options.blank) then
		run:fail '@if requires an "exists" key or a "blank" key'
	elseif options.exists ~= nil then
		holds = not is_missing(run:resolve(options.exists, payload))
	else
		holds = is_not_blank(run:resolve(options.blank, payload))
	end
	if holds then
		return run:resolve(options["then"], payload)
	elseif truthy(options["else"]) then
		return run:resolve(options["else"], payload)
	end
end

directive_kinds["@case"] = function(run, options, payload)
	need_object(run, options, "@case", 'a "operator" key')
	if not truthy(options.operator) then
		run:fail '@case requires a "operator" key'
	elseif not truthy(options.value) then
		return nil
	end
	local value = run:resolve(options.value, payload)
	if type_of(value) ~= "string" then
		return value
	end
	run.work:spend(#value)
	if options.operator == "lower" then
		return javascript.lower(value)
	elseif options.operator == "upper" then
		return javascript.upper(value)
	end
	return run:fail 'operator key should have a value of "lower" or "upper"'
end

local function replace_one(run, text, pattern, with, flags)
	if javascript.length(pattern) > PATTERN_MOST then
		run:fail('@replace requires a "pattern" less than %d characters', PATTERN_MOST)
	elseif javascript.length(with) > PATTERN_MOST then
		run:fail('@replace requires a "replacement" less than %d characters', PATTERN_MOST)
	end
	run.work:spend(#text)
	return replacement.replace(text, pattern, with, flags, run.work)
end

-- The value of an option; `default` when it is missing or null.
local function option(options, name, default)
	if is_missing(options[name]) then
		return default
	end
	return options[name]
end

directive_kinds["@replace"] = function(run, options, payload)
	need_object(run, options, "@replace", 'a "pattern" key')
	if not truthy(options.pattern) then
		run:fail '@replace requires a "pattern" key'
	elseif not truthy(options.value) then
		return nil
	end
	local with, with2 = option(options, "replacement", ""), option(options, "replacement2", "")
	local flags = { ignore_case = option(options, "ignorecase", false), global = option(options, "global", true) }
	local value = run:resolve(options.value, payload)
	if type(value) == "boolean" or type(value) == "number" then
		value = javascript.to_string(value)
	end
	local strings = type(value) == "string" and type(options.pattern) == "string" and type(with) == "string"
	if not strings or type(flags.ignore_case) ~= "boolean" or type(flags.global) ~= "boolean" then
		return ""
	end
	value = replace_one(run, value, options.pattern, with, flags)
	if type(options.pattern2) == "string" and options.pattern2 ~= "" and type(with2) == "string" then
		value = replace_one(run, value, options.pattern2, with2, flags)
	end
	return value
end

directive_kinds["@arrayPath"] = function(run, options, payload)
	if type_of(options) ~= "array" then
		run:fail("@arrayPath expected array, got %s", type_of(options))
	end
	local path, shape = options[1], options[2]
	local root
	if type(path) == "string" then
		root = paths.from_root(payload, path)
	else
		root = run:resolve(path, payload)
	end
	local kind = type_of(root)
	if kind ~= "object" and kind ~= "array" or type_of(shape) ~= "object" or next(shape) == nil then
		return root
	end
	local list = json.array {}
	for at, element in ipairs(kind == "array" and root or { root }) do
		list[at] = run:element(run:resolve(shape, element))
	end
	return list
end

directive_kinds["@path"] = function(run, value, payload)
	return paths.from_root(payload, resolve_string(run, "@path", value, payload))
end

directive_kinds["@template"] = function(run, value, payload)
	return placeholders.render(resolve_string(run, "@template", value, payload), payload, run.work)
end

directive_kinds["@literal"] = function(run, value, payload)
	return run:resolve(value, payload)
end

directive_kinds["@flatten"] = function(run, options, payload)
	need_object(run, options, "@flatten", 'a "separator" key')
	if not truthy(options.separator) then
		run:fail '@flatten requires a "separator" key'
	end
	local separator = run:resolve(options.separator, payload)
	if type_of(separator) ~= "string" then
		run:fail "@flatten requires a string separator"
	end
	local flags = { separator = separator, omit_arrays = truthy(options.omitArrays) }
	return flattening.flatten(run:resolve(options.value, payload), flags, run.work)
end

local function encode(run, value)
	if type_of(value) == "undefined" then
		return nil
	end
	local text, message = json.encode(run:cleaned(value), { javascript = true })
	if not text then
		run:fail("@json: %s", message)
	end
	run.work:spend(#text)
	return text
end

directive_kinds["@json"] = function(run, options, payload)
	need_object(run, options, "@json", 'a "value" key')
	for _, name in ipairs { "mode", "value" } do
		if not truthy(options[name]) then
			run:fail('@json requires a "%s" key', name)
		end
	end
	local value = run:resolve(options.value, payload)
	if options.mode == "encode" then
		return encode(run, value)
	elseif options.mode ~= "decode" then
		return nil
	elseif type_of(value) ~= "string" or value:sub(1, #ORDER_MARK) == ORDER_MARK then
		return value
	end
	run.work:spend(#value)
	local decoded = json.decode(value, { order = true })
	if decoded == nil then
		return value
	end
	return decoded
end

-- Adds the members of a value to an object, as Object.assign does: also elements, and the characters of a string.
local function assign(run, into, value)
	local kind = type_of(value)
	if kind == "object" then
		for _, name in ipairs(members.names(value)) do
			run:step()
			members.set(into, name, value[name])
		end
	elseif kind == "array" or kind == "string" then
		for at, element in ipairs(kind == "array" and value or javascript.units(value)) do
			run:step()
			members.set(into, tostring(at - 1), element)
		end
	end
end

directive_kinds["@merge"] = function(run, options, payload)
	need_object(run, options, "@merge", 'an "objects" key and a "direction" key')
	if not truthy(options.direction) then
		run:fail '@merge requires a "direction" key'
	end
	local direction = run:resolve(options.direction, payload)
	if not truthy(options.objects) then
		run:fail '@merge requires a "objects" key'
	elseif type_of(options.objects) ~= "array" then
		run:fail("@merge: expected opts.array, got %s", type_of(options.objects))
	end
	local objects, merged = run:resolve(options.objects, payload), members.new()
	for at = 1, #objects do
		assign(run, merged, objects[direction == "left" and #objects + 1 - at or at])
	end
	return merged
end

directive_kinds["@transform"] = function(run, options, payload)
	need_object(run, options, "@transform", 'an "apply" key and a "mapping" key')
	for _, name in ipairs { "mapping", "apply" } do
		if not truthy(options[name]) then
			run:fail('@transform requires a "%s" key', name)
		end
	end
	if type_of(options.apply) ~= "object" then
		run:fail '@transform "apply" key should be an object'
	end
	return run:resolve(options.mapping, run:transform(options.apply, payload))
end

-- A copy without the members that are null, also in objects inside, but not in arrays.
local function without_nulls(run, value, depth)
	if type_of(value) ~= "object" then
		return value
	end
	local copy = members.new()
	for _, name in ipairs(members.names(value)) do
		run.work:step(depth)
		local member = value[name]
		members.set(copy, name, member == json.null and javascript.undefined or without_nulls(run, member, depth + 1))
	end
	return copy
end

directive_kinds["@excludeWhenNull"] = function(run, value, payload)
	local resolved = run:resolve(value, payload)
	if resolved == json.null then
		return nil
	end
	return without_nulls(run, resolved, 1)
end

directive_kinds["@liquid"] = function(run)
	return run:fail "@liquid has a Liquid template, which partnerapp does not resolve yet"
end

return directive_kinds
