-- Equality of decoded JSON values, tables by their content.

--- Whether two values are the same. Values of different types are different; 1 and 1.0 are the same number.
---@param a any
---@param b any
---@return boolean
local function deep_equal(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	end
	for key, value in pairs(a) do
		if not deep_equal(value, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

return deep_equal
