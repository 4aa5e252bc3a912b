-- Lists of IP addresses and networks: "10.0.0.0/8, ::1".
local address = require "partnerapp.web.address"

local networks = {}

local function network_of(text)
	local base, bits = text:match("^([^/]+)/(%d%d?%d?)$")
	local bytes = address.bytes(base or text)
	if not bytes then
		return nil
	end
	bits = tonumber(bits or #bytes * 8)
	return bits <= #bytes * 8 and { bytes = bytes, bits = bits } or nil
end

local function contains(network, bytes)
	if #bytes ~= #network.bytes then
		return false
	end
	local whole, rest = network.bits // 8, network.bits % 8
	if bytes:sub(1, whole) ~= network.bytes:sub(1, whole) then
		return false
	end
	return rest == 0 or bytes:byte(whole + 1) >> (8 - rest) == network.bytes:byte(whole + 1) >> (8 - rest)
end

--- Reads a list of addresses and networks.
---@param text string
---@return table? networks, string? what is wrong
function networks.parse(text)
	local list = {}
	for entry in text:gmatch("[^,%s]+") do
		local network = network_of(entry)
		if not network then
			return nil, "'" .. entry .. "' is neither an address nor a network"
		end
		list[#list + 1] = network
	end
	return list
end

--- Whether an address is in a list.
---@param list table of networks.parse
---@param text string
---@return boolean
function networks.has(list, text)
	local bytes = address.bytes(text)
	if bytes then
		for _, network in ipairs(list) do
			if contains(network, bytes) then
				return true
			end
		end
	end
	return false
end

return networks
