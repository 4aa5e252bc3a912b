-- Mappings: an object whose members are values or directives becomes the payload of an action, as Segment's `transform`
-- does it.
local check = require "partnerapp.destination.directive_check"
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local kinds = require "partnerapp.destination.directive_kinds"
local members = require "partnerapp.destination.members"
local work = require "partnerapp.destination.work"

local directives = {}

local ROOT = "__segment_internal_directive"
local SCALARS = { null = true, boolean = true, number = true, string = true }

local undefined = javascript.undefined

local Run = {}
Run.__index = Run

function Run:fail(message, ...)
	work.fail("mapping_failed", message, ...)
end

function Run:step()
	self.work:step(self.depth)
end

--- A value as the element of an array or the member of an object: nil would be a hole.
function Run:element(value)
	if value == nil then
		return undefined
	end
	return value
end

-- The key of a directive; nil for other objects. Where there are several, which only arrays can have, it is the first.
local function directive_key(object)
	local key
	for _, name in ipairs(members.names(object)) do
		if name:sub(1, 1) == "@" then
			key = key or name
		elseif name ~= "_metadata" then
			return nil
		end
	end
	return key
end

function Run:directive(key, value, payload)
	if not kinds[key] then
		self:fail("%s is not a valid directive, got undefined", key)
	end
	return kinds[key](self, value, payload)
end

--- The value of a mapping for a payload.
function Run:resolve(mapping, payload)
	self.depth = self.depth + 1
	self:step()
	local kind, resolved = javascript.type_of(mapping), mapping
	local key = kind == "object" and directive_key(mapping)
	if key then
		resolved = self:directive(key, mapping[key], payload)
	elseif kind == "array" then
		resolved = json.array {}
		for at, element in ipairs(mapping) do
			resolved[at] = self:element(self:resolve(element, payload))
		end
	elseif kind == "object" then
		resolved = members.new()
		for _, name in ipairs(members.names(mapping)) do
			members.set(resolved, name, self:element(self:resolve(mapping[name], payload)))
		end
	end
	self.depth = self.depth - 1
	return resolved
end

-- A copy of a value without undefined members. An undefined element becomes `hole`.
local function cleaned(value, hole, spent, depth)
	spent:step(depth)
	local kind = javascript.type_of(value)
	if SCALARS[kind] then
		return value
	elseif kind == "array" then
		local copy = json.array {}
		for at, element in ipairs(value) do
			copy[at] = element == undefined and hole or cleaned(element, hole, spent, depth + 1)
		end
		return copy
	elseif kind == "object" then
		local copy, kept = {}, {}
		for _, name in ipairs(members.names(value)) do
			if value[name] ~= undefined then
				copy[name] = cleaned(value[name], hole, spent, depth + 1)
				kept[#kept + 1] = name
			end
		end
		return members.ordered(copy, kept)
	elseif kind ~= "undefined" then
		work.fail("mapping_failed", "a %s is not a JSON value", kind)
	end
end

--- A copy of a value as JSON has it: without undefined members, and with null for undefined elements.
function Run:cleaned(value)
	return cleaned(value, json.null, self.work, 1)
end

-- The mapping itself. With a root directive that is the directive, whose `mapping` has the other members.
local function rooted(mapping)
	local root = mapping[ROOT]
	if root == nil then
		return mapping
	end
	local names = javascript.type_of(root) == "object" and members.names(root) or {}
	if #names > 1 or type(root) == "string" and javascript.length(root) > 1 then
		work.fail("bad_mapping", "The root mapping must only have a single directive object")
	end
	local options = names[1] and root[names[1]]
	if type(options) ~= "table" then
		work.fail("bad_mapping", "The root directive must be an object")
	elseif members.is_array(options) then
		return root
	end
	local others, copy, directive = members.new(), members.new(), members.new()
	for _, name in ipairs(members.names(mapping)) do
		if name ~= ROOT then
			members.set(others, name, mapping[name])
		end
	end
	for _, name in ipairs(members.names(options)) do
		members.set(copy, name, options[name])
	end
	members.set(copy, "mapping", others)
	members.set(directive, names[1], copy)
	return directive
end

local function checked(mapping, spent)
	mapping = rooted(mapping)
	local problems = check.problems(mapping, spent)
	if #problems > 0 then
		error({ code = "bad_mapping", message = table.concat(problems, "\n"), problems = problems }, 0)
	end
	return mapping
end

--- As directives.resolve, inside of a mapping.
function Run:transform(mapping, payload)
	if payload == nil or payload == undefined then
		payload = members.new()
	end
	local kind = javascript.type_of(payload)
	if kind ~= "object" then
		self:fail("data must be an object, got %s", kind)
	end
	return cleaned(self:resolve(checked(mapping, self.work), payload), undefined, self.work, 1)
end

-- Calls a function that may raise { code, message }; what it gives, or nil, message, code, problems.
local function attempt(fn, ...)
	local ok, result = pcall(fn, ...)
	if ok then
		return result
	elseif type(result) ~= "table" or not result.code then
		error(result, 0)
	end
	return nil, result.message, result.code, result.problems
end

local function need_mapping(mapping)
	if not members.is_object(mapping) then
		work.fail("bad_mapping", "the mapping is %s, not an object", javascript.type_of(mapping))
	end
end

--- Checks a mapping as a whole. Members of arrays are not checked, as at Segment: what is wrong there fails when it is
--- resolved.
---@param mapping table
---@return boolean? true when nothing is wrong
---@return string? message a line for each problem: "/user/@path should be a string …"
---@return "bad_mapping"|"too_deep"|"too_large"? code
---@return string[]? problems the lines
function directives.check(mapping)
	return attempt(function()
		need_mapping(mapping)
		checked(mapping, work.new())
		return true
	end)
end

--- A mapping that was checked, for many events: see `apply`. It is not copied.
---@param mapping table
---@return table? compiled, string? message, string? code, string[]? problems as directives.check
function directives.compile(mapping)
	return attempt(function()
		need_mapping(mapping)
		return { mapping = checked(mapping, work.new()) }
	end)
end

--- Makes the payload of an event. It is a copy: neither the mapping nor the event is changed.
---@param compiled table what `compile` made
---@param event table
---@return any payload nil without a message when the mapping itself is a directive that gives nothing
---@return string? message
---@return "mapping_failed"|"too_deep"|"too_large"? code
function directives.apply(compiled, event)
	return attempt(function()
		local run = setmetatable({ work = work.new(), depth = 0 }, Run)
		if not members.is_object(event) then
			run:fail("data must be an object, got %s", javascript.type_of(event))
		end
		return run:cleaned(run:resolve(compiled.mapping, event))
	end)
end

--- Checks a mapping and makes the payload of one event.
---@param mapping table
---@param event table
---@return any payload, string? message, string? code, string[]? problems as `compile` and `apply`
function directives.resolve(mapping, event)
	local compiled, message, code, problems = directives.compile(mapping)
	if not compiled then
		return nil, message, code, problems
	end
	return directives.apply(compiled, event)
end

return directives
