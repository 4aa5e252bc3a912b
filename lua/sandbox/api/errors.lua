-- Errors of the Config API: a string for people and a gRPC code (docs/segment.md 3.1). Each function returns the
-- response.
local reply = require "partnerapp.reply"
local short = require "partnerapp.short"

local errors = {}

local function response(status, code, message)
	return reply.json({ error = short(message), code = code }, status)
end

local STATUS = { [3] = 400, [16] = 401, [7] = 403, [5] = 404, [6] = 409, [8] = 429, [12] = 501 }

local function kind(code)
	return function(message)
		return response(STATUS[code], code, message)
	end
end

errors.already_exists = kind(6) -- 409: a resource of that name exists
errors.denied = kind(7) -- 403: the token or the user may not do this
errors.invalid = kind(3) -- 400: the body or a parameter is wrong
errors.not_implemented = kind(12) -- 501
errors.too_many = kind(8) -- 429
errors.unauthenticated = kind(16) -- 401: no valid token or credentials

--- There is no such resource, in a workspace that the token sees.
---@param message string? "not found" when absent
---@return table response
function errors.not_found(message)
	return response(404, 5, message or "not found")
end

local CODES = {
	[400] = 3,
	[401] = 16,
	[403] = 7,
	[404] = 5,
	[409] = 6,
	[413] = 3,
	[415] = 3,
	[429] = 8,
	[501] = 12,
	[503] = 14,
}

--- The error for a refusal of the library; 13 is the code for statuses that Segment does not list.
---@param status integer
---@param message string
---@return table response
function errors.of_status(status, message)
	return response(status, CODES[status] or 13, status == 404 and "not found" or message)
end

return errors
