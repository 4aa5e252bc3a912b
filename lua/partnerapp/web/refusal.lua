-- What a handler answers or raises to say no: a status and a sentence for people. Whoever asked gets it as a page or as
-- JSON, shaped by app:failed where an app has its own way (see fault.lua).

---@class partnerapp.refusal
---@field status integer
---@field message string
---@field refused true
---@field headers table<string, string>?
local Refusal = {
	__name = "refusal",
	__tostring = function(self)
		return self.status .. " " .. self.message
	end,
}

local refusal = {}

---@param status integer 400 to 599
---@param message string for people: a sentence without anything secret
---@param headers table<string, string>?
---@return partnerapp.refusal
function refusal.new(status, message, headers)
	if math.type(status) ~= "integer" or status < 400 or status > 599 then
		error("a refusal's status must be from 400 to 599, not " .. tostring(status), 3)
	end
	return setmetatable(
		{ status = status, message = tostring(message or "failed"), headers = headers, refused = true },
		Refusal
	)
end

--- Ends the request with that answer, from wherever it is called.
---@param status integer
---@param message string
---@param headers table<string, string>?
function refusal.refuse(status, message, headers)
	error(refusal.new(status, message, headers), 0)
end

---@param value any
---@return boolean
function refusal.is(value)
	return type(value) == "table" and getmetatable(value) == Refusal
end

return refusal
