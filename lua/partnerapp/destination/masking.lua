-- Values as answers show them: their secrets masked, bytes that are not UTF-8 as U+FFFD, and what is nested deeply as
-- text, so that any answer of the partner's API can be shown as JSON.
local json = require "partnerapp.json"
local masked = require("partnerapp.log").masked
local members = require "partnerapp.destination.members"

local masking = {}

local DEPTH_MOST = 50 -- JSON has at most 64, and the exchange is around the value
local REPLACEMENT = "\u{fffd}"
local BINARY_MOST = 64 << 10 -- bytes of a string that is not UTF-8

-- Bytes above 127, with U+FFFD in place of each that is not part of a character.
local function replaced(bytes)
	local parts, from = {}, 1
	while true do
		local count, wrong = utf8.len(bytes, from)
		if count then
			parts[#parts + 1] = bytes:sub(from)
			return table.concat(parts)
		end
		parts[#parts + 1] = bytes:sub(from, wrong - 1)
		parts[#parts + 1] = REPLACEMENT
		from = wrong + 1
	end
end

--- A string with its secrets masked, as UTF-8. Of one that is not UTF-8 at most the first 64 KiB.
---@param bytes string
---@return string
function masking.text(bytes)
	local text = masked(bytes)
	if utf8.len(text) then
		return text
	end
	local shown = text:sub(1, BINARY_MOST):gsub("[\x80-\xff]+", replaced)
	return #text > BINARY_MOST and shown .. "…" or shown
end

local function number(value)
	local text = tostring(value)
	local shown = masked(text)
	return shown == text and value or shown
end

--- A JSON value with the secrets in its strings, names and numbers masked.
---@param value any
---@param depth integer? of the value
---@return any
function masking.value(value, depth)
	depth = depth or 1
	if type(value) == "string" then
		return masking.text(value)
	elseif type(value) == "number" then
		return number(value)
	elseif type(value) ~= "table" then
		return value
	elseif depth > DEPTH_MOST then
		return masking.text(json.encode(value, { javascript = true }) or "")
	elseif members.is_array(value) then
		local list = json.array {}
		for i, one in ipairs(value) do
			list[i] = masking.value(one, depth + 1)
		end
		return list
	end
	local copy = members.new()
	for _, name in ipairs(members.names(value)) do
		members.set(copy, masking.text(name), masking.value(value[name], depth + 1))
	end
	return copy
end

return masking
