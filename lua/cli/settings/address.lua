-- Hosts of URLs, and ADDRESS:PORT values.
local library = require "partnerapp.web.address"

local address = {}

--- Whether a host is this machine: as the library has it.
address.is_loopback = library.is_loopback_host

--- The parts of ADDRESS:PORT; nil when the text has another form. The address is empty for all of this machine's.
---@param text string
---@return string? host, string? port digits
function address.split(text)
	return text:match "^([%w%.%-]*):(%d+)$"
end

return address
