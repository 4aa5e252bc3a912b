-- What became of an event, as entries in the words of Segment's delivery overview.
local destination = require "partnerapp.destination"

local story = {}

---@class sandbox.story_entry
---@field stage string one of the overview's four (failed-ingest, filtered-source, filtered-destination,
--- failed-delivery), or where the overview has no row: ingest, source, not-sent, delivered
---@field destination string? its slug
---@field outcome string? the overview's code
---@field label string? the overview's words for that code
---@field code string? the code of Segment's framework for actions
---@field sentence string what happened, with the values
---@field retried boolean? whether the event is delivered again
---@field app_story string? the id of the story that the app keeps of its own destination's part

--- An entry for a row of the overview. Raises when there is no such row.
---@param stage "failed-ingest"|"filtered-source"|"filtered-destination"|"failed-delivery"
---@param outcome string
---@param sentence string
---@param fields {label: string?, destination: string?, code: string?, retried: boolean?}? a label chooses one of the
--- rows of a code
---@return sandbox.story_entry
function story.row(stage, outcome, sentence, fields)
	fields = fields or {}
	for _, row in ipairs(destination.outcomes(stage, outcome)) do
		if row.label == (fields.label or row.label) then
			return {
				stage = stage,
				outcome = outcome,
				label = row.label,
				sentence = sentence,
				destination = fields.destination,
				code = fields.code,
				retried = fields.retried,
			}
		end
	end
	return error(("the delivery overview has no row %s %s %s"):format(stage, outcome, fields.label or ""), 2)
end

local BY_STATUS = { [400] = "BAD_REQUEST" }

--- The overview's code for the status of a delivery.
---@param status integer
---@return string
function story.of_status(status)
	local code = BY_STATUS[status] or tostring(status)
	return destination.outcomes("failed-delivery", code)[1] and code or "INTERNAL"
end

return story
