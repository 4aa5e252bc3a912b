-- Hosts of URLs, and ADDRESS:PORT values.
local address = {}

--- Whether a host is this machine.
---@param host string a name or an IP address, IPv6 with or without brackets
---@return boolean
function address.is_loopback(host)
	return host == "localhost"
		or host:match "%.localhost$" ~= nil
		or host:match "^127%.%d+%.%d+%.%d+$" ~= nil
		or host == "::1"
		or host == "[::1]"
end

--- The parts of ADDRESS:PORT; nil when the text has another form. The address is empty for all of this machine's.
---@param text string
---@return string? host, string? port digits
function address.split(text)
	return text:match "^([%w%.%-]*):(%d+)$"
end

return address
