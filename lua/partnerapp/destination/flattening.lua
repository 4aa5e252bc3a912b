-- @flatten: { a = { b = 1 } } becomes { ["a.b"] = 1 }.
local javascript = require "partnerapp.destination.javascript"
local members = require "partnerapp.destination.members"

local flattening = {}

local add

local function add_member(into, name, value, prefix, options, work, depth)
	local long = prefix == "" and name or prefix .. options.separator .. name
	work:spend(#long)
	add(into, value, long, options, work, depth + 1)
end

function add(into, value, prefix, options, work, depth)
	work:step(depth)
	local kind = javascript.type_of(value)
	if kind == "object" then
		for _, name in ipairs(members.names(value)) do
			add_member(into, name, value[name], prefix, options, work, depth)
		end
	elseif kind == "array" and not options.omit_arrays then
		for at, element in ipairs(value) do
			add_member(into, tostring(at - 1), element, prefix, options, work, depth)
		end
	else
		members.set(into, prefix, value == nil and javascript.undefined or value)
	end
end

--- One object with the values of all objects and arrays in a value, under their names joined.
---@param value any
---@param options {separator: string, omit_arrays: boolean} whether arrays are values themselves
---@param work partnerapp.destination.work
---@return table
function flattening.flatten(value, options, work)
	local into = members.new()
	add(into, value, "", options, work, 1)
	return into
end

return flattening
