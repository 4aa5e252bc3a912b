-- Limits on how often one address may do something (HT-27). A peer on this machine has no limit, unless it is a trusted
-- proxy, for then the requests are those of others.
local address = require "partnerapp.web.address"
local limit = require "native.limit"
local proxies = require "partnerapp.web.proxies"
local refusal = require "partnerapp.web.refusal"

local limits = {}

local function is_spared(req)
	return address.is_loopback(req.raw.ip) and not proxies.is_trusted(req.raw.ip)
end

--- Ends the request with 429 and Retry-After when its address exceeds the limit.
---@param req partnerapp.request
---@param what string what is limited; each is counted apart
---@param per_minute number
---@param burst integer? how many at once; per_minute unless said
function limits.check(req, what, per_minute, burst)
	if is_spared(req) then
		return
	end
	local wait = limit.take(what .. " " .. proxies.network(req.ip), per_minute / 60, burst or per_minute)
	if wait > 0 then
		refusal.refuse(
			429,
			"There were too many requests from one address. Try again in a moment.",
			{ ["retry-after"] = tostring(math.ceil(wait)) },
			"rate_limit"
		)
	end
end

return require("partnerapp.hints.names").strict("partnerapp.limits", limits)
