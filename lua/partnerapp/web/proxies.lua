-- Who the client is behind trusted proxies (HT-26). TRUSTED_PROXIES lists addresses and networks ("10.0.0.0/8, ::1");
-- only when the peer is one of them is X-Forwarded-For read, from its end to its beginning, over all its lines: the
-- first address that is not a trusted proxy is the client. An entry may be quoted and carry a port. At an entry that is
-- no address the search ends with the last address a trusted proxy vouched for.
local config = require "partnerapp.config"

local proxies = {}

local function bytes_of_v4(text)
	local a, b, c, d = text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$")
	if not a then
		return nil
	end
	local bytes = { tonumber(a), tonumber(b), tonumber(c), tonumber(d) }
	for _, byte in ipairs(bytes) do
		if byte > 255 then
			return nil
		end
	end
	return string.char(table.unpack(bytes))
end

local function groups_of(text)
	local list = {}
	if text == "" then
		return list
	end
	for group in (text .. ":"):gmatch("([^:]*):") do
		local v4 = group:find(".", 1, true) and bytes_of_v4(group)
		if v4 then
			list[#list + 1] = v4:sub(1, 2)
			list[#list + 1] = v4:sub(3, 4)
		elseif group:find("^%x%x?%x?%x?$") then
			list[#list + 1] = string.pack(">I2", tonumber(group, 16))
		else
			return nil
		end
	end
	return list
end

local function bytes_of_v6(text)
	local head, tail = text:match("^(.-)::(.*)$")
	local first, last = groups_of(head or text), groups_of(tail or "")
	if not first or not last or (not head and text == "") then
		return nil
	end
	local missing = 8 - #first - #last
	if head and missing < 1 or not head and missing ~= 0 then
		return nil
	end
	return table.concat(first) .. ("\0\0"):rep(missing) .. table.concat(last)
end

local MAPPED = ("\0"):rep(10) .. "\xff\xff"

-- 4 or 16 bytes; an IPv4 address in IPv6 clothes is an IPv4 address.
local function bytes_of(text)
	local bytes = bytes_of_v4(text) or #text <= 45 and text:find(":", 1, true) and bytes_of_v6(text)
	if bytes and #bytes == 16 and bytes:sub(1, 12) == MAPPED then
		return bytes:sub(13)
	end
	return bytes or nil
end

local function network_of(text)
	local address, bits = text:match("^([^/]+)/(%d%d?%d?)$")
	local bytes = bytes_of(address or text)
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
	local bytes = bytes_of(text)
	if bytes then
		for _, network in ipairs(networks) do
			if contains(network, bytes) then
				return true
			end
		end
	end
	return false
end

-- The address of one entry of the header, without quotes, brackets and port; nil when it is none.
local function address_of(entry)
	local text = entry:match("^%s*(.*)$"):gsub("%s+$", "")
	text = text:match('^"([^"]*)"$') or text
	text = text:match("^%[([%x:.]+)%]:?%d*$") or text:match("^([%d.]+):%d+$") or text
	return bytes_of(text) and text:lower() or nil
end

--- The client's address.
---@param peer string
---@param forwarded string? X-Forwarded-For
---@param networks table? trusted ones; those of the settings unless given
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
		local address = address_of(entries[i])
		if not address then
			return client
		end
		client = address
		if not is_trusted(networks, address) then
			return client
		end
	end
	return client
end

local trusted, trusted_text

--- The networks of TRUSTED_PROXIES. What cannot be read trusts nobody.
---@return table
function proxies.trusted()
	local text = config.trusted_proxies
	if text ~= trusted_text then
		trusted, trusted_text = proxies.parse(text) or {}, text
	end
	return trusted
end

--- Whether an address is that of a trusted proxy.
---@param address string
---@return boolean
function proxies.is_trusted(address)
	local networks = proxies.trusted()
	return networks[1] ~= nil and is_trusted(networks, address)
end

--- What addresses of one customer have in common: all of an IPv4 address, the first 64 bits of an IPv6 one.
---@param address string
---@return string bytes; the text itself when it is no address
function proxies.network(address)
	local bytes = bytes_of(address)
	return bytes and bytes:sub(1, 8) or address
end

---@param address string
---@return boolean
function proxies.is_loopback(address)
	if address == "127.0.0.1" then
		return true
	end
	local bytes = bytes_of(address)
	return bytes ~= nil and (#bytes == 4 and bytes:byte(1) == 127 or bytes == ("\0"):rep(15) .. "\1")
end

return proxies
