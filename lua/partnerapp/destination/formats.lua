-- Formats of a string, as the packages that Segment validates with judge them (ajv-formats, "full"). `regex` is not
-- judged: it would need JavaScript's own grammar.
local date_text = require "partnerapp.destination.date_text"
local network_text = require "partnerapp.destination.network_text"
local uri = require "partnerapp.destination.uri"

local formats = {}

local LENGTH_MAX = 32768 -- bytes, as much as a whole event has at Segment: a longer string has no format

local DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_leap(year)
	return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function is_date(text)
	local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
	if not year then
		return false
	end
	year, month, day = tonumber(year), tonumber(month), tonumber(day)
	local most = month == 2 and is_leap(year) and 29 or DAYS[month] or 0
	return day >= 1 and day <= most
end

local function is_zone(text)
	return text == "" or text:find "^[zZ]$" or text:find "^[+-]%d%d$" or text:find "^[+-]%d%d:?%d%d$"
end

-- The zone may be missing, and may be any four digits.
local function is_time(text)
	local hour, minute, second, rest = text:match "^(%d%d):(%d%d):(%d%d)(.*)$"
	if not hour then
		return false
	end
	hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
	local on_clock = hour <= 23 and minute <= 59 and second <= 59 or hour == 23 and minute == 59 and second == 60
	return on_clock and is_zone(rest:gsub("^%.%d+", "")) and true or false
end

-- "T" or one white space in between, and none in the two parts.
local function is_date_time(text)
	local date, rest = text:sub(1, 10), text:sub(11)
	local separator = rest:match "^[tT]" or date_text.space(rest)
	return separator ~= nil and is_date(date) and is_time(rest:sub(#separator + 1))
end

local HEX4 = "%x%x%x%x"
local UUID = "^" .. table.concat({ HEX4 .. HEX4, HEX4, HEX4, HEX4, HEX4 .. HEX4 .. HEX4 }, "%-") .. "$"

local function is_uuid(text)
	return text:lower():gsub("^urn:uuid:", ""):find(UUID) ~= nil
end

local valid = {
	date = is_date,
	time = is_time,
	["date-time"] = is_date_time,
	["date-like"] = date_text.is_date,
	email = network_text.is_email,
	hostname = network_text.is_hostname,
	ipv4 = network_text.is_ipv4,
	ipv6 = network_text.is_ipv6,
	uri = uri.is_uri,
	["uri-reference"] = uri.is_reference,
	["uri-template"] = uri.is_template,
	uuid = is_uuid,
}

--- Whether a string has the format. Formats without a rule (text, password, regex) are always right.
---@param name string
---@param text string
---@return boolean
function formats.valid(name, text)
	local check = valid[name]
	return not check or #text <= LENGTH_MAX and check(text)
end

return formats
