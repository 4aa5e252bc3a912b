-- Times and numbers as people read them.
local clock = require "partnerapp.clock"

local words = {}

local UNITS = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } }

--- "1 install", "3 installs".
---@param count integer
---@param noun string
---@return string
function words.count(count, noun)
	return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

--- A length of time by its largest unit: "3 minutes".
---@param seconds number
---@return string
function words.span(seconds)
	for _, unit in ipairs(UNITS) do
		if seconds >= unit[1] then
			return words.count(seconds // unit[1] | 0, unit[2])
		end
	end
	return "less than a second"
end

--- How long ago a time is, or how far ahead.
---@param at number seconds since 1970
---@return string
function words.ago(at)
	local passed = clock.now() - at
	if passed < 0 then
		return "in " .. words.span(-passed)
	end
	return words.span(passed) .. " ago"
end

return words
