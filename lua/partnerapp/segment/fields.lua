-- Checks the fields of a resource that a caller gives, and makes the update mask that names them.
local fields = {}

--- Raises when `given` has a field that is not one of the resource's.
---@param what string for the message
---@param given table
---@param known string[]
function fields.check(what, given, known)
	for name in pairs(given) do
		local found = false
		for _, field in ipairs(known) do
			found = found or field == name
		end
		if not found then
			error(("%s has no '%s': %s"):format(what, tostring(name), table.concat(known, ", ")), 3)
		end
	end
end

--- The mask of an update: exactly what is given, in a fixed order.
---@param prefix string "destination."
---@param given table
---@param known string[]
---@return {paths: string[]}
function fields.mask(prefix, given, known)
	local paths = require("partnerapp.json").array {}
	for _, field in ipairs(known) do
		if given[field] ~= nil then
			paths[#paths + 1] = prefix .. field
		end
	end
	return { paths = paths }
end

return fields
