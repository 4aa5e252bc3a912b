-- The end of a message about an unknown name: what may have been meant, or what there is.
local distance = require "partnerapp.hints.distance"

-- Longer names are not compared: the work grows with the product of the lengths.
local LENGTH_MAX = 64
local LISTED_MAX = 30

-- Case and the marks between words are what people mix up most: allowNull, allow-null and allow_null are one name.
local function plain(name)
	return (name:lower():gsub("[_%-%s]", ""))
end

-- The one of `names` that is nearest to `name`: at most a third of its bytes may differ.
local function find(name, names)
	local wanted = plain(name)
	if #wanted > LENGTH_MAX then
		return nil
	end
	local found, least = nil, #wanted // 3 + 1
	for _, one in ipairs(names) do
		local candidate = plain(one)
		if math.abs(#candidate - #wanted) < least then
			local far = distance(wanted, candidate)
			if far < least then
				found, least = one, far
			end
		end
	end
	return found
end

--- ": did you mean 'string'?", for "unknown type 'sting'"; when no name is near, the names, or nothing for many.
---@param name string the unknown one
---@param names string[] the first of equally near ones is taken
---@param near_only boolean? nothing unless one is near
---@return string
return function(name, names, near_only)
	local found = find(name, names)
	if found then
		return (": did you mean '%s'?"):format(found)
	end
	return not near_only and #names > 0 and #names <= LISTED_MAX and (": use %s"):format(table.concat(names, ", "))
		or ""
end
