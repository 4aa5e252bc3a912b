-- What Segment's server adds to an event before any destination gets it (segment.md 7.1). In a try, an event that a
-- person wrote gets it too, with the same values in every run.
local members = require "partnerapp.destination.members"

local completion = {}

local RECEIVED, SENT = "2026-01-15T09:30:01.000Z", "2026-01-15T09:30:00.500Z"
local MESSAGE_ID = "ajs-next-1f0a5d2c-0000-4000-8000-%012d"

local function is_text(value)
	return type(value) == "string" and value ~= ""
end

--- The event with messageId, timestamp and receivedAt: those that it has stay.
---@param event any
---@param number integer? of the event in its batch
---@return any event a copy, when something was added
function completion.of(event, number)
	if not members.is_object(event) or event.type == "delete" then
		return event
	end
	local added = {
		messageId = not is_text(event.messageId) and MESSAGE_ID:format(number or 1) or nil,
		timestamp = not is_text(event.timestamp) and (event.originalTimestamp or SENT) or nil,
		receivedAt = not is_text(event.receivedAt) and RECEIVED or nil,
	}
	if next(added) == nil then
		return event
	end
	local names = members.names(event)
	local copy = members.ordered({}, names)
	for name, value in pairs(event) do
		copy[name] = value
	end
	for _, name in ipairs { "messageId", "timestamp", "receivedAt" } do
		if added[name] then
			members.set(copy, name, added[name])
		end
	end
	return copy
end

return completion
