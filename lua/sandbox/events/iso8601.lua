-- ISO 8601 times, as events have them.
local iso8601 = {}

-- Days since 1970 of a date of the Gregorian calendar.
local function days(year, month, day)
	local shifted = month > 2 and year or year - 1
	local era, of_era = shifted // 400, shifted % 400
	local of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
	return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function offset(zone)
	local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
	if sign then
		return (sign == "+" and 1 or -1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
	end
	return (zone == "Z" or zone == "") and 0 or nil
end

local LONGEST = 64 -- bytes; a time with nanoseconds and an offset has 35

--- Reads a time.
---@param text any "2012-12-02T00:30:08.276Z"
---@return integer? milliseconds since 1970; nil when the value is not a time
function iso8601.parse(text)
	if type(text) ~= "string" or #text > LONGEST then
		return nil
	end
	local year, month, day, hour, minute, second, fraction, zone =
		text:match "^(%d%d%d%d)-(%d%d)-(%d%d)[T ](%d%d):(%d%d):(%d%d)(%.?%d*)([Z+-]?[%d:]*)$"
	local ahead = zone and offset(zone)
	if not ahead or tonumber(month) < 1 or tonumber(month) > 12 or tonumber(day) < 1 or tonumber(day) > 31 then
		return nil
	end
	local seconds = days(tonumber(year), tonumber(month), tonumber(day)) * 86400
		+ tonumber(hour) * 3600
		+ tonumber(minute) * 60
		+ tonumber(second)
		- ahead
	return seconds * 1000 + math.floor((tonumber("0" .. fraction) or 0) * 1000 + 0.5)
end

return iso8601
