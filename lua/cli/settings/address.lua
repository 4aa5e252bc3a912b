-- Hosts of URLs, and ADDRESS:PORT values.
local library = require "partnerapp.web.address"

local address = {}

--- Whether a host is this machine: as the library has it.
address.is_loopback = library.is_loopback_host

-- Endings of names that no one can register: the names of containers, clusters and home networks. A web page that had
-- such a name could not have it from the public DNS.
local PRIVATE = { "%.internal$", "%.local$", "%.test$", "%.localhost$", "%.home%.arpa$" }

--- Whether a host is a name of this machine's own network: without a dot, as containers have it, or with an ending that
--- is reserved for such names. pa_local_host_is (src/server) has the same rule.
---@param host string of a URL
---@return boolean
function address.is_local_name(host)
	if host:find "^%a[%w_-]*$" then
		return true
	end
	for _, ending in ipairs(PRIVATE) do
		if host:find "^%a" and host:find(ending) then
			return true
		end
	end
	return false
end

--- Where a browser and the programs on this machine reach a server: its address, or 127.0.0.1 when it listens on all.
---@param listen string ADDRESS:PORT
---@return string origin
function address.origin(listen)
	local host, port = address.split(listen)
	return ("http://%s:%s"):format((host == "" or host == "0.0.0.0") and "127.0.0.1" or host, port)
end

--- The parts of ADDRESS:PORT; nil when the text has another form. The address is empty for all of this machine's.
---@param text string
---@return string? host, string? port digits
function address.split(text)
	return text:match "^([%w%.%-]*):(%d+)$"
end

return address
