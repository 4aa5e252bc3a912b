-- The fields of a body for the control API. A misspelt one is refused: without its field a fault would do another thing
-- than what was asked for, and a test would pass or fail for another reason than the one it names.
local json = require "partnerapp.json"
local nearest = require "partnerapp.nearest"

local fields = {}

--- What is wrong with the fields of a body; nil when it is an object that has only known ones.
---@param asked any
---@param known string[]
---@return string?
function fields.problem(asked, known)
	if type(asked) ~= "table" or json.is_array(asked) then
		return "a JSON object is expected"
	end
	local is_known, unknown = {}, {}
	for _, name in ipairs(known) do
		is_known[name] = true
	end
	for name in pairs(asked) do
		if not is_known[name] then
			unknown[#unknown + 1] = tostring(name)
		end
	end
	table.sort(unknown)
	return unknown[1] and ("unknown field '%s'%s"):format(unknown[1], nearest(unknown[1], known)) or nil
end

return fields
