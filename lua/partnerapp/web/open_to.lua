-- Whether a request may see pages for operators without ADMIN_PASSWORD (HT-02, HT-03): when PUBLIC_URL and LISTEN name
-- this machine alone, and the request came from a browser on it directly. Tunnels and proxies on this machine are seen
-- by the headers that they add, or by the Host that the browser has asked for.
local address = require "partnerapp.web.address"
local config = require "partnerapp.config"
local settings = require "partnerapp.store.settings"

local FORWARDING = { forwarded = true, via = true, ["x-real-ip"] = true }

local function came_through_another(req)
	for name in pairs(req.headers) do
		if FORWARDING[name] or name:find("x-forwarded-", 1, true) == 1 then
			return true
		end
	end
	return false
end

-- Of a target that is a whole URL its host counts in place of the Host header. A proxy may have written that target:
-- then the header has the name that the browser asked for.
local function is_for_this_machine(req)
	local named = (req:header "host" or ""):lower():gsub(":%d*$", "")
	return address.is_loopback_host(req.host) and address.is_loopback_host(named)
end

---@param req partnerapp.request
---@return boolean
return function(req)
	if settings.values.DASHBOARD ~= "open" or not config.development or came_through_another(req) then
		return false
	end
	return address.is_loopback(req.raw.ip) and is_for_this_machine(req)
end
