-- What app:on handles: the types of events (Spec: Methods), a deletion, and "batch" for several events at once.
local nearest = require "partnerapp.nearest"

local TYPES = { "track", "identify", "page", "screen", "group", "alias", "delete", "batch" }

--- Whether a word is one of them.
---@param word any
---@return true?, string? message what was meant
return function(word)
	for _, known in ipairs(TYPES) do
		if known == word then
			return true
		end
	end
	return nil, ("unknown type of event '%s'%s"):format(tostring(word), nearest(tostring(word), TYPES))
end
