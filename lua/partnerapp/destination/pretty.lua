-- JSON over several lines, members in their order: for people, and for comparing line by line.
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local pretty = {}

--- A value as JSON of several lines.
---@param value any
---@param indent string? in front of all lines but the first
---@return string
function pretty.json(value, indent)
	indent = indent or ""
	if type(value) ~= "table" then
		return assert(json.encode(value, { javascript = true }))
	end
	local inner, parts = indent .. "  ", {}
	local is_array = members.is_array(value)
	if is_array then
		for i, one in ipairs(value) do
			parts[i] = inner .. pretty.json(one, inner)
		end
	else
		for i, name in ipairs(members.names(value)) do
			parts[i] = ("%s%s: %s"):format(inner, json.encode(name), pretty.json(value[name], inner))
		end
	end
	local open, close = is_array and "[" or "{", is_array and "]" or "}"
	return #parts == 0 and open .. close or ("%s\n%s\n%s%s"):format(open, table.concat(parts, ",\n"), indent, close)
end

--- The body of a request or an answer: JSON over several lines, other text as it is.
---@param body string
---@param kind string? its content type
---@param indent string?
---@return string
function pretty.body(body, kind, indent)
	if (kind or ""):find("json", 1, true) then
		local value, _, code = json.decode(body, { order = true })
		if not code then
			return pretty.json(value, indent)
		end
	end
	return body
end

return pretty
