-- Whether a request may see pages for operators without ADMIN_PASSWORD (HT-02, HT-03): when PUBLIC_URL and LISTEN name
-- this machine alone, and the request came from a browser on it directly. Tunnels and proxies on this machine are seen
-- by the headers that they add, or by the Host that the browser has asked for.
local address = require "partnerapp.web.address"
local config = require "partnerapp.config"
local settings = require "partnerapp.store.settings"

local FORWARDING = { "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via" }

---@param req partnerapp.request
---@return boolean
return function(req)
	if settings.values.DASHBOARD ~= "open" or not config.development then
		return false
	end
	for _, name in ipairs(FORWARDING) do
		if req:header(name) then
			return false
		end
	end
	return address.is_loopback(req.raw.ip) and address.is_loopback_host(req.host)
end
