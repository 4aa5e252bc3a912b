-- Pauses before something is tried again.
local http = require "native.http"
local sys = require "native.sys"

local retry = {}

local LONGEST_ASKED = 3600

--- The pause before attempt `attempt + 1`: exponential, with full jitter, so that many callers that failed together do
--- not try again together.
---@param attempt integer 1 is the first that failed
---@param base number seconds
---@param most number seconds
---@return number seconds
function retry.backoff(attempt, base, most)
	return math.random() * math.min(most, base * 2 ^ math.min(attempt - 1, 30))
end

--- The pause that a Retry-After header names (RFC 9110 10.2.3), in seconds or as a date: at most an hour; nil when it
--- is neither.
---@param header string?
---@param now number seconds since 1970
---@return number? seconds
function retry.after(header, now)
	if not header then
		return nil
	end
	local seconds = header:match "^%s*(%d+)%s*$"
	if seconds then
		return math.min(tonumber(seconds), LONGEST_ASKED)
	end
	local date = http.parse_date(header)
	return date and math.min(math.max(date - now, 0), LONGEST_ASKED)
end

--- Waits. In tests the server's clock moves instead.
---@param seconds number
function retry.wait(seconds)
	if sys.settings().TESTING then
		sys.advance(seconds)
		return
	end
	local over = sys.monotonic() + seconds
	while true do
		local left = over - sys.monotonic()
		if left <= 0 or not sys.sleep(math.min(left, 1)) then
			return
		end
	end
end

return require("partnerapp.hints.names").strict("partnerapp.retry", retry)
