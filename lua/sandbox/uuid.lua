-- Random UUIDs, version 4 (RFC 9562).
local crypto = require "partnerapp.crypto"

--- A new UUID, in lower case.
---@return string
return function()
	local hex = crypto.hex(crypto.digest("sha1", crypto.token(32)))
	return ("%s-%s-4%s-%x%s-%s"):format(
		hex:sub(1, 8),
		hex:sub(9, 12),
		hex:sub(14, 16),
		8 + tonumber(hex:sub(17, 17), 16) % 4,
		hex:sub(18, 20),
		hex:sub(21, 32)
	)
end
