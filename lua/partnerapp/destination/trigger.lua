-- Triggers: which events a mapping takes. They mean what they mean at Segment, and say where that surprises.
local explanation = require "partnerapp.destination.trigger_explanation"
local parser = require "partnerapp.destination.trigger_parser"
local terms = require "partnerapp.destination.trigger_terms"
local warnings = require "partnerapp.destination.trigger_warnings"

---@class partnerapp.destination.trigger
local trigger = {}
trigger.__index = trigger

--- Reads a trigger such as `type = "track" and event = "Order Completed"`.
---@param text string at most 64 KiB
---@return partnerapp.destination.trigger?
---@return string? message with the place, in characters, and what was expected there
---@return "bad_trigger"? code
function trigger.parse(text)
	local level, message, code = parser.parse(text)
	if not level then
		return nil, message, code
	end
	return setmetatable({ text = text, level = level }, trigger)
end

-- Whether an event fulfils a level; nil when Segment fails in it.
local function level_holds(level, event)
	if #level.children == 0 then
		return nil
	end
	local ends_at = level.operator == "or"
	for _, child in ipairs(level.children) do
		local holds
		if child.kind == "level" then
			holds = level_holds(child.level, event)
		else
			holds = terms.holds(child.term, event)
		end
		if holds == nil or holds == ends_at then
			return holds
		end
	end
	return not ends_at
end

--- Whether the trigger takes an event. Where Segment fails at an event, it is not taken.
---@param event table
---@return boolean
function trigger:matches(event)
	return level_holds(self.level, event) == true
end

--- What surprises in this trigger: what Segment ignores or reads in another way than it looks, and what never matches.
---@return {message: string, place: integer}[] in the order of their places, which are characters from 1
function trigger:warnings()
	return warnings.of(self.text, self.level)
end

--- Why an event is not taken: the terms that do not hold. In a level that `or` joins that is all of them.
---@param event table
---@return {message: string, place: integer, subject: string, operator: string, wanted: any, actual: any}[]
function trigger:explain(event)
	if self:matches(event) then
		return {}
	end
	return explanation.of(self.text, self.level, event, level_holds)
end

return trigger
