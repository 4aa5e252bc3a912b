-- IP addresses as bytes: 4 of IPv4, 16 of IPv6, and 4 of an IPv4-mapped IPv6 address.
local address = {}

local function bytes_of_v4(text)
	local a, b, c, d = text:match "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$"
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

-- The groups of one side of "::", each as two bytes.
local function groups_of(text)
	local list = {}
	if text == "" then
		return list
	end
	for group in (text .. ":"):gmatch "([^:]*):" do
		local v4 = group:find(".", 1, true) and bytes_of_v4(group)
		if v4 then
			list[#list + 1] = v4:sub(1, 2)
			list[#list + 1] = v4:sub(3, 4)
		elseif group:find "^%x%x?%x?%x?$" then
			list[#list + 1] = string.pack(">I2", tonumber(group, 16))
		else
			return nil
		end
	end
	return list
end

local function bytes_of_v6(text)
	local head, tail = text:match "^(.-)::(.*)$"
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
local LONGEST = 45

--- The bytes of an address, which are equal for every spelling of it.
---@param text string "192.0.2.1" or "2001:db8::1", without brackets and port
---@return string? bytes nil when the string is not an address
function address.bytes(text)
	local bytes = bytes_of_v4(text) or #text <= LONGEST and text:find(":", 1, true) and bytes_of_v6(text)
	if bytes and #bytes == 16 and bytes:sub(1, 12) == MAPPED then
		return bytes:sub(13)
	end
	return bytes or nil
end

local LOOPBACK_V6 = ("\0"):rep(15) .. "\1"

--- Whether an address is this machine: 127.0.0.0/8 or ::1.
---@param text string
---@return boolean
function address.is_loopback(text)
	if text == "127.0.0.1" then
		return true
	end
	local bytes = address.bytes(text)
	return bytes ~= nil and (#bytes == 4 and bytes:byte(1) == 127 or bytes == LOOPBACK_V6)
end

--- Whether a host of a URL is this machine: localhost, a name below it, or a loopback address.
---@param host string "localhost", "127.0.0.1", "[::1]"
---@return boolean
function address.is_loopback_host(host)
	return host == "localhost"
		or host:find "%.localhost$" ~= nil
		or address.is_loopback(host:match "^%[(.*)%]$" or host)
end

return address
