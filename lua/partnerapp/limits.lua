-- How often one address may ask for something (HT-27). A peer on this machine is spared, unless it is a trusted proxy,
-- for then it speaks for others.
local address = require "partnerapp.web.address"
local limit = require "native.limit"
local proxies = require "partnerapp.web.proxies"
local refusal = require "partnerapp.web.refusal"

local limits = {}

local function is_spared(req)
	return address.is_loopback(req.raw.ip) and not proxies.is_trusted(req.raw.ip)
end

--- Ends the request with 429 and Retry-After when its address asks too often.
---@param req partnerapp.request
---@param what string what is limited; each has a bucket of its own
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
			"That was too often from one address. Try again in a moment.",
			{ ["retry-after"] = tostring(math.ceil(wait)) }
		)
	end
end

return limits
