-- What may have been meant by the names in a mapping. Sentences about wrong ones are Segment's, and stay as they are.
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"

local mapping_hints = {}

local DIRECTIVES = {
	"@path",
	"@template",
	"@literal",
	"@if",
	"@arrayPath",
	"@case",
	"@replace",
	"@merge",
	"@transform",
	"@flatten",
	"@json",
	"@excludeWhenNull",
}

--- What is near to the directives that a message calls invalid: ": did you mean '@path'?", or "".
---@param message string of directives.compile
---@return string
function mapping_hints.directive(message)
	local name = message:match "has an invalid directive: (@[^\n]-)%.%f[\n\0]"
	return name and nearest(name, DIRECTIVES, true) or ""
end

--- The members of a mapping that no field takes: they are removed. Those that begin with two underscores are Segment's.
---@param values table
---@param action table with `name` and `fields`
---@return {name: string, message: string}[]
function mapping_hints.unknown(values, action)
	local known, names, list = {}, {}, {}
	for i, field in ipairs(action.fields) do
		known[field.name], names[i] = true, field.name
	end
	for _, name in ipairs(#names > 0 and members.names(values) or {}) do
		if not known[name] and not name:find "^__" and not name:find "^@" then
			local meant = nearest(name, names, true)
			local message = ("maps to '%s', which is no field of '%s'%s"):format(name, action.name, meant)
			list[#list + 1] = { name = name, message = message }
		end
	end
	return list
end

return mapping_hints
