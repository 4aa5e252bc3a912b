-- What becomes of an event after its action ran, from what the action returned or raised. Decided here alone.
--
-- Which of Segment's outcomes an error of the framework is shown as is not documented: OUTCOMES is our assumption.
local errors = require "partnerapp.destination.errors"
local rows = require "partnerapp.destination.outcome_rows"

local outcome = {}

---@class partnerapp.destination.outcome
---@field delivered boolean
---@field outcome string? the code of Segment's delivery overview, when it was not delivered
---@field label string? the words of that overview
---@field stage string? the stage of that overview: some codes are rows of several
---@field code string? of the framework: "RETRYABLE_ERROR"
---@field status integer
---@field message string? why it was not delivered
---@field where string? the line of the definition that raised
---@field retried boolean whether Segment tries again

local OUTCOMES = {
	PAYLOAD_VALIDATION_FAILED = "MESSAGE_REJECTED",
	INVALID_AUTHENTICATION = "401",
	RETRYABLE_ERROR = "RETRY",
	SELF_TIMEOUT = "ETIMEDOUT",
	ETIMEDOUT = "ETIMEDOUT",
	ECONNRESET = "ECONNRESET",
	ENOTFOUND = "ENOTFOUND",
	EREFUSED = "EREFUSED",
	-- Of Destination Functions; these are documented.
	EventNotSupported = "UNSUPPORTED_EVENT_TYPE",
	InvalidEventPayload = "MESSAGE_REJECTED",
	ValidationError = "MESSAGE_REJECTED",
	RetryError = "RETRY",
	BadRequestError = "BAD_REQUEST",
}
local BY_STATUS = { [400] = "BAD_REQUEST" }

--- How long Segment tries again, in seconds; the pauses in between are random and grow.
outcome.RETRIED_FOR = 4 * 3600

local labels = {}
for _, row in ipairs(rows) do
	local key = row[1] .. " " .. row[2]
	labels[key] = labels[key] or row[3]
end

--- The rows of Segment's delivery overview: of one stage and one code, or all.
---@param stage "failed-ingest"|"filtered-source"|"filtered-destination"|"failed-delivery"|nil
---@param code string?
---@return {stage: string, code: string, label: string}[]
function outcome.rows(stage, code)
	local list = {}
	for _, row in ipairs(rows) do
		if (stage or row[1]) == row[1] and (code or row[2]) == row[2] then
			list[#list + 1] = { stage = row[1], code = row[2], label = row[3] }
		end
	end
	return list
end

--- The words of the first row of a code, or nil when the stage has no such code.
---@param stage "failed-ingest"|"filtered-source"|"filtered-destination"|"failed-delivery"
---@param code string
---@return string?
function outcome.label(stage, code)
	return labels[stage .. " " .. code]
end

--- Whether Segment tries again after that status.
---@param status integer
---@return boolean
function outcome.is_retried(status)
	return status == 408 or status == 423 or status == 429 or (status >= 500 and status ~= 501)
end

local function row_of(code, status)
	local found = OUTCOMES[code] or BY_STATUS[status] or tostring(status)
	return labels["failed-delivery " .. found] and found or "INTERNAL"
end

--- The outcome of a failure.
---@param fields {code: string?, status: integer, message: string, where: string?}
---@return partnerapp.destination.outcome
function outcome.failed(fields)
	local found = row_of(fields.code, fields.status)
	return {
		delivered = false,
		outcome = found,
		label = outcome.label("failed-delivery", found),
		stage = "failed-delivery",
		code = fields.code,
		status = fields.status,
		message = fields.message,
		where = fields.where,
		retried = fields.code == "RETRYABLE_ERROR" or outcome.is_retried(fields.status),
	}
end

--- The outcome of what an action raised. Anything but an error of destination.errors counts as status 500, as in
--- Segment's framework.
---@param raised any
---@return partnerapp.destination.outcome
function outcome.of_error(raised)
	if errors.is(raised) then
		return outcome.failed(raised)
	end
	local message = type(raised) == "string" and raised
		or "the action raised " .. (raised == nil and "nil" or "a " .. type(raised))
	return outcome.failed { status = 500, message = message }
end

--- The outcome of an action that returned.
---@param status integer? of the last answer
---@return partnerapp.destination.outcome
function outcome.delivered(status)
	return { delivered = true, status = status or 200, retried = false }
end

return outcome
