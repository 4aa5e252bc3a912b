-- Destinations as Segment has them. For now the parts that can be tried one by one: triggers and mappings.
local directives = require "partnerapp.destination.directives"
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

--- Makes the payload of an event with a mapping, as at Segment. A member whose value is missing vanishes.
---@param mapping table members are values or directives: `{ user = { ["@path"] = "$.userId" } }`
---@param event table
---@return any payload
---@return string? message for `bad_mapping` a line for each problem
---@return "bad_mapping"|"mapping_failed"|"too_deep"|"too_large"? code
function destination.transform(mapping, event)
	return directives.resolve(mapping, event)
end

return destination
