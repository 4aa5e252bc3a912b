-- Which strings Segment takes for a date in a field of type datetime: ISO 8601, RFC 2822 and Unix times. Segment asks
-- dayjs and then JavaScript's Date, which guesses at much more; what else they take is refused here.
local javascript = require "partnerapp.destination.javascript"

local date_text = {}

local LENGTH_MAX = 256
local MILLISECONDS_MOST = 8.64e15 -- of JavaScript's Date, on both sides of 1970
-- The parts of a date that dayjs looks for have 14 digits at most; a fraction after them may have any number.
local DIGITS_ENOUGH = 20

--- The white space that a string begins with: one character, or nil.
---@param text string
---@return string?
function date_text.space(text)
	local first = text:match("^" .. utf8.charpattern)
	return first and javascript.trim(first) == "" and first or nil
end

-- Segment takes what prints as it is written for seconds, also where milliseconds are meant.
local function read_unix(text)
	local number = javascript.to_number(text)
	return javascript.print_number(number) == text and number or nil
end

-- The forms that dayjs reads by itself, without looking at the values: "2020-1", "20200101", "2020/13/45 99:99:99.5".
local function has_parts(text)
	text = text:gsub("[\xc2-\xef][\x80-\xbf]+", function(character)
		return javascript.trim(character) == "" and " " or nil
	end)
	text = text:gsub("[Tt%s]+", "T"):gsub("%d+$", function(digits)
		return digits:sub(1, DIGITS_ENOUGH)
	end)
	return #text <= 64 and text:find "^%d%d%d%d[-/]?%d?%d?[-/]?%d?%d?T?%d?%d?:?%d?%d?:?%d?%d?[.:]?%d*$" ~= nil
end

local function is_clock(hour, minute, second)
	hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
	return hour <= 23 and minute <= 59 and second <= 59 or hour == 24 and minute == 0 and second == 0
end

local function is_year(year)
	if #year == 4 then
		return true
	end
	return year ~= "-000000" and tonumber(year) > -271821 and tonumber(year) < 275760
end

local function is_day(year, month, day)
	month, day = tonumber(month), tonumber(day)
	return is_year(year) and month >= 1 and month <= 12 and day >= 1 and day <= 31
end

local function is_iso_zone(text)
	if text == "" or text:find "^[zZ]$" then
		return true
	end
	local hour, minute = text:match "^[+-](%d%d):?(%d%d)$"
	return hour ~= nil and tonumber(hour) <= 23 and tonumber(minute) <= 59
end

local function is_iso(text)
	local year, month, day, rest = text:match "^([+-]?%d+)%-(%d%d)%-(%d%d)(.*)$"
	if not year or not (year:find "^%d%d%d%d$" or year:find "^[+-]%d%d%d%d%d%d$") or not is_day(year, month, day) then
		return false
	elseif rest == "" then
		return true
	end
	local hour, minute, zone = rest:match "^[Tt ](%d%d):(%d%d)(.*)$"
	if not hour then
		return false
	end
	local second, after = zone:match "^:(%d%d)(.*)$"
	zone = after or zone
	if second then
		zone = zone:gsub("^%.%d+", "")
	end
	if rest:sub(1, 1) == " " then
		zone = zone:gsub("^ +", "")
	end
	return is_clock(hour, minute, second or 0) and is_iso_zone(zone)
end

local MONTHS = " jan feb mar apr may jun jul aug sep oct nov dec "
local ZONES = " gmt ut utc z est edt cst cdt mst mdt pst pdt "

local function has_word(words, word)
	return words:find(" " .. word .. " ", 1, true) ~= nil
end

-- "Tue, 14 Jan 2020 10:00:00 +0100 (CET)"
local function is_rfc_2822(text)
	text = text:lower():gsub("^%a%a%a, *", ""):gsub(" *%([^()]*%)$", "")
	local day, month, year, hour, minute, rest = text:match "^(%d%d?) +(%a%a%a) +(%d+) +(%d%d):(%d%d)(.*)$"
	if not day or not has_word(MONTHS, month) or #year ~= 4 and #year ~= 2 then
		return false
	end
	local second, zone = rest:match "^:(%d%d)(.*)$"
	zone = (zone or rest):gsub("^ +", "")
	day = tonumber(day)
	local in_zone = zone:find "^[+-]%d%d%d%d$" ~= nil or has_word(ZONES, zone)
	return in_zone and day >= 1 and day <= 31 and is_clock(hour, minute, second or 0)
end

--- Whether Segment takes the string for a date.
---@param text string
---@return boolean
function date_text.is_date(text)
	if #text > LENGTH_MAX then
		return false
	end
	local seconds = read_unix(text)
	if seconds then
		return math.abs(seconds) * 1000 <= MILLISECONDS_MOST
	end
	return not text:find "[zZ]$" and has_parts(text) or is_iso(text) or is_rfc_2822(text)
end

return date_text
