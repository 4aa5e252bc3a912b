-- A string that came from outside, to be shown or stored: its secrets masked, and cut to at most 512 bytes between two
-- characters (OA-20, LG-01).
local masked = require("native.log").masked

local MOST = 512

---@param text string UTF-8
---@return string
return function(text)
	text = masked(text)
	if #text <= MOST then
		return text
	end
	local last = MOST
	while last > 0 and text:byte(last + 1) & 0xC0 == 0x80 do
		last = last - 1
	end
	return text:sub(1, last) .. "…"
end
