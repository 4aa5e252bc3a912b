-- The story of an event: what each stage did with it, and why.
local outcome = require "partnerapp.destination.outcome"

local story = {}

local REFUSED = "the last answer was %d, and nothing was raised: that counts as delivered"

---@class partnerapp.destination.stage
---@field stage "intake"|"integrations"|"settings"|"trigger"|"mapping"|"validation"|"perform"|"refresh"|"handler"|
--- "on_delete"|"authentication"|"choices"
---@field result "passed"|"stopped"|"skipped"
---@field code string? Segment's, when the stage stopped the event
---@field label string? Segment's words for that code
---@field sentence string what the stage did, with the values
---@field details string[]? further lines

---@class partnerapp.destination.path one mapping's way, or that of another function of the destination
---@field action string
---@field trigger string?
---@field from string where the mapping comes from, or what is called
---@field stages partnerapp.destination.stage[]
---@field payload any what the mapping made, after validation
---@field refused any the payload that validation refused
---@field requests partnerapp.destination.sent[]
---@field returned any what the function returned
---@field raised any what the function raised
---@field invalid {path: string, message: string}[]? what validation found wrong in the payload; path: JSON Pointer
---@field choices table[]? of a dynamic field: { value, label }
---@field asks "authentication"? the question of the form of the settings
---@field outcome partnerapp.destination.outcome

---@class partnerapp.destination.story
---@field destination string
---@field event table?
---@field stages partnerapp.destination.stage[] before the mappings
---@field paths partnerapp.destination.path[]
---@field outcome partnerapp.destination.outcome? when the event reached no action

---@param destination table
---@param event table?
---@return partnerapp.destination.story
function story.new(destination, event)
	return { destination = destination.name, event = event, stages = {}, paths = {} }
end

--- Adds a path to a story.
---@param one partnerapp.destination.story
---@param action string
---@param from string
---@param trigger string?
---@return partnerapp.destination.path
function story.path(one, action, from, trigger)
	local path = { action = action, trigger = trigger, from = from, stages = {}, requests = {} }
	one.paths[#one.paths + 1] = path
	return path
end

--- Adds a stage to a list of them.
---@param list partnerapp.destination.stage[]
---@param stage string
---@param result "passed"|"stopped"|"skipped"
---@param sentence string
---@param more {code: string?, label: string?, details: string[]?}?
function story.add(list, stage, result, sentence, more)
	more = more or {}
	list[#list + 1] = {
		stage = stage,
		result = result,
		code = more.code,
		label = more.label,
		sentence = sentence,
		details = more.details,
	}
end

--- Adds a stage that stops an event before any function of the destination is called.
---@param list partnerapp.destination.stage[]
---@param stage string
---@param kind string the stage in Segment's delivery overview: see outcome.label
---@param code string of that overview
---@param sentence string
---@param details string[]?
---@return partnerapp.destination.outcome
function story.stop(list, stage, kind, code, sentence, details)
	local label = outcome.label(kind, code)
	story.add(list, stage, "stopped", sentence, { code = code, label = label, details = details })
	return {
		delivered = false,
		outcome = code,
		label = label,
		stage = kind,
		message = sentence,
		status = 400,
		retried = false,
	}
end

--- Adds the stage of a function that was called, and the path's outcome.
---@param path partnerapp.destination.path
---@param stage string
---@param result partnerapp.destination.outcome
---@param sentence string? when it was delivered
function story.finish(path, stage, result, sentence)
	path.outcome = result
	if result.delivered then
		local refused = result.status > 299 and { REFUSED:format(result.status) } or nil
		story.add(path.stages, stage, "passed", sentence, { details = refused })
	else
		story.add(path.stages, stage, "stopped", result.message, { code = result.code, label = result.label })
	end
end

return story
