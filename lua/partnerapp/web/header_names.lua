-- Tables of headers: their names are in lower case, and read and written in any case, as HTTP means them.
local Headers = {}

local function lower(name)
	return type(name) == "string" and name:lower() or name
end

function Headers.__index(headers, name)
	local known = lower(name)
	if known ~= name then
		return rawget(headers, known)
	end
end

function Headers.__newindex(headers, name, value)
	rawset(headers, lower(name), value)
end

--- Makes a table, whose names are in lower case, answer to names in any case. The table is returned.
---@generic T
---@param headers T
---@return T
return function(headers)
	return setmetatable(headers, Headers)
end
