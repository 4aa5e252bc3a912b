-- Destinations as Segment has them. For now the parts that can be tried one by one: triggers.
local trigger = require "partnerapp.destination.trigger"

local destination = {}

--- Whether a trigger takes an event, as at Segment.
---@param text string such as `type = "track" and event = "Order Completed"`
---@param event table
---@return boolean? matches
---@return string? message with the place, in characters, and what was expected there
---@return "bad_trigger"? code
function destination.matches(text, event)
	local parsed, message, code = trigger.parse(text)
	if not parsed then
		return nil, message, code
	end
	return parsed:matches(event)
end

return destination
