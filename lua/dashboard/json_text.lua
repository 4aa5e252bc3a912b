-- A value as the JSON text that stands for it: over several lines, and a string in its quotes, so that what a form has
-- is read back as the same value.
local json = require "partnerapp.json"
local pretty = require("partnerapp.destination").pretty

---@param value any what JSON can hold
---@return string
return function(value)
	if type(value) == "string" then
		return assert(json.encode(value, { javascript = true }))
	end
	return pretty(value)
end
