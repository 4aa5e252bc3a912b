-- Visits under another loopback name than PUBLIC_URL's (TO-06). localhost, 127.0.0.1 and [::1] are one machine, but to
-- browsers three hosts: what begins under one of them cannot find its cookies under another.
local config = require "partnerapp.config"

local other_name = {}

local NAMES = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

local others, origin

-- Whether a Host header is another loopback name with PUBLIC_URL's port. The port is part of it because a proxy on this
-- machine, which listens at PUBLIC_URL's port, sends its own Host with the app's port: it would do so after a redirect
-- too. The set is made once, for each request under another name is asked.
local function is_other(host)
	if origin ~= config.public_url then
		origin, others = config.public_url, {}
		local scheme, port = origin:match "^(%a+):", origin:match ":(%d+)$"
		local default = scheme == "https" and "443" or "80"
		for name in pairs(NAMES) do
			if config.development and name ~= config.public_host then
				others[name .. ":" .. (port or default)] = true
				others[name] = (not port or port == default) or nil
			end
		end
	end
	return host ~= nil and (others[host] or others[host:lower()]) or false
end

-- Whether a proxy may have written the request's Host.
local function is_forwarded(req)
	return req.raw.forwarding ~= nil or req:header "via" ~= nil
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

--- The redirect of a GET request to the same address under PUBLIC_URL's name, when both are loopback names and the
--- ports are the same; else nil.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead(req)
	if req.method == "GET" and is_other(req:header "host") and not is_forwarded(req) then
		return redirect(config.public_url .. target_of(req))
	end
end

--- The same for pages only: not for programs, files and probes, which have no cookies to lose.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead_page(req)
	if req.method ~= "GET" or not is_other(req:header "host") then
		return nil
	end
	local accept = req:header "accept"
	if accept and accept:lower():find("text/html", 1, true) and not req:wants_json() then
		return other_name.lead(req)
	end
end

--- The same for the beginning of a flow, also when PUBLIC_URL is not a loopback name, as with a tunnel. A proxy that
--- hides the Host of its visitors looks the same: the parameter `led` ends what would be a circle.
---@param req partnerapp.request
---@return partnerapp.response?
function other_name.lead_once(req)
	if config.development then
		return other_name.lead(req)
	elseif req.method == "GET" and NAMES[req.raw.host] and not is_forwarded(req) and not req.query.led then
		local target = target_of(req)
		return redirect(config.public_url .. target .. (target:find("?", 1, true) and "&" or "?") .. "led=1")
	end
end

return other_name
