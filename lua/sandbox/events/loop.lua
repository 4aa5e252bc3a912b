-- Hands an event to the app of the same process, whose file of the destination says what becomes of it. Its requests
-- are made into a story and not sent, unless the destination was connected with `send`.
local neighbour = require "partnerapp.neighbour"
local spec = require "events.spec"
local store = require "store"

local loop = {}

-- Codes of an app that has no such destination, or none with an action for events.
local NONE = { absent = true, not_found = true, no_actions = true, other = true }

-- An outcome of the app's destination as an entry of the event's story (events/story.lua).
local function entry_of(answer, slug)
	return {
		stage = answer.stage,
		outcome = answer.outcome,
		label = answer.label,
		sentence = answer.message or answer.outcome,
		destination = slug,
		retried = answer.retried,
		app_story = answer.story,
	}
end

--- Runs the app's destination on an event.
---@param row table of the table destinations
---@param event table
---@return string? outcome nil when the app has no such destination
---@return sandbox.story_entry? entry whose `app_story` is the id of the story that the app keeps
function loop.deliver(row, event)
	local sends = row.send == 1
	local answer, message, code = neighbour.ask("deliver", {
		slug = row.slug,
		event = spec.plain(event),
		settings = store.decode(row.config),
		send = sends,
	})
	if NONE[code] then
		return nil
	elseif not answer then
		local sentence = ("not delivered: %s (%s)"):format(message, code)
		return sentence, { stage = "not-sent", destination = row.slug, sentence = sentence }
	elseif not answer.delivered then
		return answer.outcome, entry_of(answer, row.slug)
	end
	local outcome = sends and "delivered" or "would be delivered; nothing was sent"
	local stage = sends and "delivered" or "not-sent"
	return outcome, { stage = stage, destination = row.slug, sentence = outcome, app_story = answer.story }
end

--- The story that the app keeps of an event.
---@param id string
---@return table? story, string? message, string? code
function loop.story(id)
	local answer, message, code = neighbour.ask("story", { id = id })
	return answer and answer.story, message, code
end

--- The status of a response about a story that cannot be had.
---@param code string of `loop.story`
---@return integer
function loop.status_of(code)
	return (code == "not_found" or code == "absent") and 404 or 503
end

return loop
