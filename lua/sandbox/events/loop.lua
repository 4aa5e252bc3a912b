-- Hands an event to the app of the same process, whose file of the destination says what becomes of it. Its requests
-- are made into a story and not sent, unless the destination was connected with `send`.
local neighbour = require "partnerapp.neighbour"
local store = require "store"

local loop = {}

-- Codes of an app that has no such destination, or none with an action for events.
local NONE = { absent = true, not_found = true, no_actions = true, other = true }

local function in_words(answer)
	if not answer.delivered then
		return answer.outcome .. (answer.message and ": " .. answer.message or "")
	end
	return answer.sent and "delivered" or "would be delivered; nothing was sent"
end

--- Runs the app's destination on an event.
---@param row table of the table destinations
---@param event table
---@return string? outcome nil when the app has no such destination
---@return string? story its id
---@return boolean? delivered
function loop.deliver(row, event)
	local answer, message, code = neighbour.ask("deliver", {
		slug = row.slug,
		event = event,
		settings = store.decode(row.config),
		send = row.send == 1,
	})
	if answer then
		answer.sent = row.send == 1
		return in_words(answer), answer.story, answer.delivered and answer.sent
	elseif NONE[code] then
		return nil
	end
	return ("not delivered: %s (%s)"):format(message, code)
end

--- The story of an event, by its id.
---@param id string
---@return table? story, string? message, string? code
function loop.story(id)
	local answer, message, code = neighbour.ask("story", { id = id })
	return answer and answer.story, message, code
end

return loop
