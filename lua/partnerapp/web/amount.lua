-- Amounts of memory as people write them: "8M", "1.5 GiB", "1048576". A unit is a power of 1024.
local amount = {}

local UNITS = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30, t = 1 << 40 }
local SHORT = { { "T", 1 << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 } }
local MOST = 1 << 60

--- The bytes of an amount; nil for another text.
---@param text string
---@return integer? bytes
function amount.bytes(text)
	local number, unit = text:match "^%s*(%d+%.?%d*)%s*(%a*)%s*$"
	local factor = unit and UNITS[(unit:lower():gsub("i?b?$", ""))]
	local bytes = factor and tonumber(number) * factor
	return bytes and bytes <= MOST and math.floor(bytes) or nil
end

--- The shortest text for an amount: "1G", "1536M".
---@param bytes integer
---@return string
function amount.text(bytes)
	for _, unit in ipairs(SHORT) do
		if bytes > 0 and bytes % unit[2] == 0 then
			return ("%d%s"):format(bytes // unit[2], unit[1])
		end
	end
	return tostring(bytes)
end

return amount
