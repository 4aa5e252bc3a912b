-- Finds the client's address behind trusted proxies (HT-26). TRUSTED_PROXIES lists addresses and networks ("10.0.0.0/8,
-- ::1"); X-Forwarded-For is read only when the peer is one of them, from its end to its beginning, over all its lines:
-- the first address that is not a trusted proxy is the client. An entry may be quoted and carry a port. At an entry
-- that is not an address the search ends, and the client is the last address that a trusted proxy has named.
local address = require "partnerapp.web.address"
local config = require "partnerapp.config"

local proxies = {}

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
function proxies.parse(text)
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

local function is_trusted(networks, text)
	local bytes = address.bytes(text)
	if bytes then
		for _, network in ipairs(networks) do
			if contains(network, bytes) then
				return true
			end
		end
	end
	return false
end

-- The address of one entry of the header, without quotes, brackets and port; nil when the entry is not an address.
local function address_of(entry)
	local text = entry:match("^%s*(.*)$"):gsub("%s+$", "")
	text = text:match('^"([^"]*)"$') or text
	text = text:match("^%[([%x:.]+)%]:?%d*$") or text:match("^([%d.]+):%d+$") or text
	return address.bytes(text) and text:lower() or nil
end

--- The client's address.
---@param peer string
---@param forwarded string? X-Forwarded-For
---@param networks table? the trusted networks; those of the settings unless given
---@return string
function proxies.client(peer, forwarded, networks)
	networks = networks or proxies.trusted()
	if not forwarded or not networks[1] or #forwarded > 4096 or not is_trusted(networks, peer) then
		return peer
	end
	local entries = {}
	for entry in forwarded:gmatch("[^,]+") do
		entries[#entries + 1] = entry
	end
	local client = peer
	for i = #entries, 1, -1 do
		local before = address_of(entries[i])
		if not before then
			return client
		end
		client = before
		if not is_trusted(networks, before) then
			return client
		end
	end
	return client
end

local trusted, trusted_text

--- The networks of TRUSTED_PROXIES; none when the setting cannot be read.
---@return table
function proxies.trusted()
	local text = config.trusted_proxies
	if text ~= trusted_text then
		trusted, trusted_text = proxies.parse(text) or {}, text
	end
	return trusted
end

--- Whether an address is that of a trusted proxy.
---@param text string
---@return boolean
function proxies.is_trusted(text)
	local networks = proxies.trusted()
	return networks[1] ~= nil and is_trusted(networks, text)
end

--- The network that limits are counted for: all of an IPv4 address, the first 64 bits of an IPv6 address.
---@param text string
---@return string bytes; the string itself when it is not an address
function proxies.network(text)
	local bytes = address.bytes(text)
	return bytes and bytes:sub(1, 8) or text
end

return proxies
