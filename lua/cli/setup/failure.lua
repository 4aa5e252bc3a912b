-- Why Segment created nothing, and what to do about it, in sentences.
local config = require "partnerapp.config"
local files = require "native.files"

local AGAIN = "Mend that and run it again."
local UNKNOWN = "Perhaps it was created all the same: look at your workspace at Segment before you run it again."

local ADVICE = {
	invalid_argument = AGAIN,
	rate_limited = "Run it again in a minute.",
	timeout = UNKNOWN,
	bad_response = UNKNOWN,
	upstream = UNKNOWN,
	http = UNKNOWN,
	too_large = UNKNOWN,
}

--- Tells it. The exit code.
---@param what string "access token"
---@param message string
---@param code string
---@param advice table<string, string> what else is to be done for some codes
---@return integer exit_code
return function(what, message, code, advice)
	local more = advice[code]
		or ADVICE[code]
		or ("Check your network and SEGMENT_API_URL (%s)."):format(config.segment_api_url)
	files.err(("partnerapp: no %s was created: %s\n%s\n"):format(what, message:gsub("%c", " "), more))
	return 1
end
