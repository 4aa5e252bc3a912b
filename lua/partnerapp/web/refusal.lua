-- Refusals: a status and a sentence for people, which a handler returns or raises. The client gets a page or JSON;
-- app:failed may shape it (see fault.lua).

local log = require "native.log"

---@class partnerapp.refusal
---@field status integer
---@field message string
---@field refused true
---@field headers table<string, string>?
---@field reason string? a short stable word for the log
---@field logged true? the log has the reason of this status, which is 500 or more, already
---@field unrouted true? no route has this address
local Refusal = {
	__name = "refusal",
	__tostring = function(self)
		return self.status .. " " .. self.message
	end,
}

local refusal = {}

--- Makes a refusal.
---@param status integer 400 to 599
---@param message string for people: a sentence without anything secret
---@param headers table<string, string>?
---@param reason string? a short stable word for the log, such as "cross_site"; one of the status unless given
---@return partnerapp.refusal
function refusal.new(status, message, headers, reason)
	if math.type(status) ~= "integer" or status < 400 or status > 599 then
		error("a refusal's status must be from 400 to 599, not " .. tostring(status), 3)
	end
	return setmetatable({
		status = status,
		message = tostring(message or "failed"),
		headers = headers,
		refused = true,
		reason = reason and tostring(reason),
	}, Refusal)
end

--- Ends the request with a refusal: raises it.
---@param status integer
---@param message string
---@param headers table<string, string>?
---@param reason string?
function refusal.refuse(status, message, headers, reason)
	error(refusal.new(status, message, headers, reason), 0)
end

--- Logs that a request was refused (LG-03). Failures of this side (500 and more) have log lines of their own.
---@param req partnerapp.request
---@param status integer
---@param reason string?
---@param message string? "request refused" unless given
function refusal.log(req, status, reason, message)
	if status < 500 then
		local peer, client = req.raw.ip, req.ip
		log.refused(message or "request refused", status, reason, peer, client ~= peer and client or nil)
	end
end

local TITLES = {
	[400] = "Bad request",
	[401] = "Login needed",
	[403] = "Not allowed",
	[404] = "Not found",
	[405] = "Method not allowed",
	[409] = "Already done",
	[415] = "Unsupported content",
	[429] = "Too many requests",
	[500] = "Something went wrong",
	[502] = "Another server failed",
	[503] = "Not available right now",
	[504] = "Another server took too long",
}

--- The title of a page about a refusal or a fault.
---@param status integer
---@return string
function refusal.title(status)
	return TITLES[status] or (status < 500 and "Request refused" or "Something went wrong")
end

--- Whether a value, such as what was raised, is a refusal.
---@param value any
---@return boolean
function refusal.is(value)
	return type(value) == "table" and getmetatable(value) == Refusal
end

return refusal
