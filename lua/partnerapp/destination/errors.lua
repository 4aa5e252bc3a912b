-- What a destination's functions raise, by the names that Segment gives its errors. Each function raises, so that both
-- `errors.retryable "busy"` and `error(errors.retryable "busy")` end the function.
local scripts = require "native.scripts"

local errors = {}

---@class partnerapp.destination.error
---@field message string
---@field code string as Segment's framework has it: "RETRYABLE_ERROR"
---@field status integer
---@field where string|false|nil the line that raised it: "destinations/acme.lua:12"; false: there is none
---@field answer table? the answer of the partner's API that is not 2xx
local Error = { __name = "destination.error", __metatable = false }

function Error.__tostring(err)
	return err.message
end

--- Whether a raised value is one of these errors.
---@param value any
---@return boolean
function errors.is(value)
	return type(value) == "table" and rawget(value, "is_destination_error") == true
end

--- An error to raise, for the library itself.
---@param fields partnerapp.destination.error
---@return partnerapp.destination.error
function errors.new(fields)
	fields.is_destination_error = true
	if fields.where == nil then
		fields.where = scripts.caller()
	end
	fields.where = fields.where or nil
	return setmetatable(fields, Error)
end

local function text(message)
	return message == nil and "" or tostring(message)
end

local function check_status(status)
	if math.type(status) ~= "integer" or status < 100 or status > 599 then
		error("the status of an error is a whole number from 100 to 599, not " .. tostring(status), 3)
	end
	return status
end

--- The event is tried again later. 500 unless another status is given.
---@param message string?
---@param status integer?
function errors.retryable(message, status)
	error(errors.new { message = text(message), code = "RETRYABLE_ERROR", status = check_status(status or 500) })
end

--- The customer's credentials are refused. With oauth2 the token is renewed first.
---@param message string?
---@param code string? another code than INVALID_AUTHENTICATION
function errors.invalid_authentication(message, code)
	error(errors.new { message = text(message), code = code or "INVALID_AUTHENTICATION", status = 401 })
end

--- The payload cannot be sent: the event is not tried again.
---@param message string?
function errors.payload_validation(message)
	error(errors.new { message = text(message), code = "PAYLOAD_VALIDATION_FAILED", status = 400 })
end

--- A failure with a code and status of your own; the status says whether the event is tried again.
---@param message string
---@param code string
---@param status integer
function errors.integration(message, code, status)
	error(errors.new { message = text(message), code = text(code), status = check_status(status) })
end

--- A failure that the partner's API told in its own way; the status says whether the event is tried again.
---@param message string
---@param status integer
function errors.api(message, status)
	check_status(status)
	error(errors.new { message = text(message), code = tostring(status), status = status })
end

--- The destination itself gave up waiting: the event is tried again.
---@param message string?
function errors.self_timeout(message)
	error(errors.new { message = text(message), code = "SELF_TIMEOUT", status = 408 })
end

-- The names of Destination Functions, for the handlers of app:on

local function named(name, status)
	return function(message)
		error(errors.new { message = text(message), code = name, status = status })
	end
end

--- The handler does not take events of this kind: not tried again.
errors.event_not_supported = named("EventNotSupported", 400)

--- The event lacks something, or has a wrong value: not tried again.
errors.invalid_event_payload = named("InvalidEventPayload", 400)

--- A setting or a value is wrong: not tried again.
errors.validation = named("ValidationError", 400)

--- The event is tried again later.
errors.retry = named("RetryError", 500)

return errors
