-- Paths of a mapping that no event has, and what an event lacks: both leave a member of the payload out without a word.
local javascript = require "partnerapp.destination.javascript"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"
local paths = require "partnerapp.destination.paths"

local path_warnings = {}

-- Members of an event and of its context (Spec: Common Fields). properties, traits and integrations are the customer's.
local ROOTS = {
	"type",
	"event",
	"name",
	"category",
	"userId",
	"anonymousId",
	"groupId",
	"previousId",
	"properties",
	"traits",
	"context",
	"integrations",
	"messageId",
	"timestamp",
	"originalTimestamp",
	"receivedAt",
	"sentAt",
	"channel",
	"version",
	"projectId",
	"writeKey",
}
local CONTEXT = {
	"active",
	"app",
	"campaign",
	"channel",
	"consent",
	"device",
	"externalIds",
	"groupId",
	"ip",
	"library",
	"locale",
	"location",
	"network",
	"os",
	"page",
	"personas",
	"protocols",
	"referrer",
	"screen",
	"sessionId",
	"timezone",
	"traits",
	"userAgent",
	"userAgentData",
}

local function set_of(list)
	local set = {}
	for _, name in ipairs(list) do
		set[name] = true
	end
	return set
end

-- What was meant, when one of the names is near.
local function meant(name, names)
	local text = nearest(name, names)
	return text:find "did you mean" and text or ""
end

local KNOWN, KNOWN_CONTEXT = set_of(ROOTS), set_of(CONTEXT)

--- Whether a name is one that Segment's libraries put into an event's context.
---@param name string
---@return string? message what was meant; nil for a known one
function path_warnings.context(name)
	if not KNOWN_CONTEXT[name] then
		return ("Segment's libraries send no context.%s%s"):format(name, meant(name, CONTEXT))
	end
end

--- Whether a path can have a value in an event.
---@param path string as in @path
---@return string? message what was meant; nil for a path that can
function path_warnings.path(path)
	local names = paths.names(path)
	local first, second = names[1], names[2]
	if first == "$" and not second then
		return 'the whole event is "$." or "", not "$"'
	elseif not first or first == "" then
		return
	elseif not KNOWN[first] then
		return ("an event has no %s%s"):format(first, meant(first, ROOTS))
	elseif first == "context" and second then
		return path_warnings.context(second)
	end
end

-- Calls each(path) for the paths into the event: those of shapes and of @transform's mapping begin elsewhere.
local function each_path(value, each)
	if type(value) ~= "table" then
		return
	end
	for name, item in pairs(value) do
		if name == "@path" and type(item) == "string" then
			each(item)
		elseif name == "@template" and type(item) == "string" then
			for path in item:gmatch "{{%s*([^{}%s]+)%s*}}" do
				each(path)
			end
		elseif name == "@arrayPath" and type(item) == "table" then
			each_path(item[1], each)
			if type(item[1]) == "string" then
				each(item[1])
			end
		elseif name == "@transform" and type(item) == "table" then
			each_path(item.apply, each)
		else
			each_path(item, each)
		end
	end
end

--- The paths of a mapping that no event has.
---@param mapping table that was checked
---@return {path: string, message: string}[]
function path_warnings.of(mapping)
	local list, seen = {}, {}
	each_path(mapping, function(path)
		local message = path_warnings.path(path)
		if message and not seen[path] then
			seen[path] = true
			list[#list + 1] = { path = path, message = message }
		end
	end)
	table.sort(list, function(a, b)
		return a.path < b.path
	end)
	return list
end

local function is_absent(value)
	return value == nil or value == javascript.undefined
end

-- "properties.totl (did you mean 'total'?)" for the first name of a path without a value; nil when all have one.
local function lacking(event, path)
	local at, gone = event, {}
	for _, name in ipairs(paths.names(path)) do
		local value = members.is_object(at) and at[name]
		gone[#gone + 1] = name
		if is_absent(value) or value == false and at[name] == nil then
			local names = members.is_object(at) and members.names(at) or {}
			return table.concat(gone, ".") .. meant(name, names)
		end
		at = value
	end
end

--- What a mapping left out of a payload because the event lacks it, a line for each member.
---@param mapping table
---@param payload table
---@param event table
---@return string[]
function path_warnings.missing(mapping, payload, event)
	local lines = {}
	for _, name in ipairs(members.names(mapping)) do
		local value = mapping[name]
		local path = type(value) == "table" and value["@path"]
		if payload[name] == nil and type(path) == "string" then
			local what = lacking(event, path)
			lines[#lines + 1] = what and ("'%s' is left out: the event has no %s"):format(name, what) or nil
		end
	end
	return lines
end

return path_warnings
