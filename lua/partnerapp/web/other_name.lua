-- Visits under another loopback name than PUBLIC_URL's (TO-06). localhost, 127.0.0.1 and [::1] are one machine, but to
-- browsers three hosts: what begins under one of them cannot find its cookies under another.
local config = require "partnerapp.config"

local other_name = {}

local function port_of(host, scheme)
	return host:match ":(%d+)$" or (scheme == "https" and "443" or "80")
end

-- The target as sent, as Location can carry it.
local function target_of(req)
	local target = req.raw.target
	if target:sub(1, 1) ~= "/" then
		target = "/" .. target -- of http://host?query
	end
	return (target:gsub("[\x80-\xff]", function(byte)
		return ("%%%02X"):format(byte:byte())
	end))
end

local function redirect(url)
	return { status = 302, headers = { location = url, ["cache-control"] = "no-store" } }
end

-- Whether a browser that asks for a loopback name sent this Host itself. A proxy may send any Host to the app, and
-- would send the same one after a redirect.
local function is_direct(req)
	local host = req.raw.host
	return host ~= nil and config.is_loopback(host) and not req.raw.forwarding and not req:header "via"
end

--- The redirect of a GET request to the same address under PUBLIC_URL's name, when both names are loopback names and
--- the ports are the same; else nil. The caller has seen that the names differ.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead(req)
	if req.method ~= "GET" or not config.development or not is_direct(req) then
		return nil
	end
	local scheme, authority = config.public_url:match "^(%a+)://(.*)$"
	if port_of(authority, scheme) == port_of(req:header "host" or req.raw.host, scheme) then
		return redirect(config.public_url .. target_of(req))
	end
end

--- The same for pages only: not for programs, files and probes, which have no cookies to lose.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead_page(req)
	local accept = req.method == "GET" and req:header "accept"
	if accept and accept:lower():find("text/html", 1, true) and not req:wants_json() then
		return other_name.lead(req)
	end
end

--- The same for the beginning of a flow, also when PUBLIC_URL is no loopback name, as with a tunnel. A proxy that hides
--- the Host of its visitors looks the same: the parameter `led` ends what would be a circle.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead_once(req)
	if config.development then
		return other_name.lead(req)
	elseif req.method == "GET" and is_direct(req) and not req.query.led then
		local target = target_of(req)
		return redirect(config.public_url .. target .. (target:find("?", 1, true) and "&" or "?") .. "led=1")
	end
end

return other_name
