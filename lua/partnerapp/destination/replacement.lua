-- @replace: a text in another is replaced. The pattern means itself. In the replacement, JavaScript's `$$`, `$&`,
-- `` $` `` and `$'` stand for a $, what was found, and what is before and after it.
local letter_case = require "partnerapp.destination.letter_case"

local replacement = {}

-- The parts of a replacement: strings, and { "&" } and the like.
local function parts_of(text)
	local parts, at = {}, 1
	while true do
		local first, last, mark = text:find("%$([$&`'])", at)
		parts[#parts + 1] = text:sub(at, (first or 0) - 1)
		if not first then
			return parts
		end
		parts[#parts + 1] = mark == "$" and "$" or { mark }
		at = last + 1
	end
end

local function expand(parts, text, first, last, out, work)
	for _, part in ipairs(parts) do
		if type(part) == "table" then
			local mark = part[1]
			local after = mark == "'" and text:sub(last + 1)
			part = after or mark == "&" and text:sub(first, last) or text:sub(1, first - 1)
		end
		work:spend(#part)
		out[#out + 1] = part
	end
end

local function character_at(text, at)
	return text:match("^[^\x80-\xbf][\x80-\xbf]*", at)
end

-- The last byte of the pattern's characters when the text has them at a place, in any case.
local function matches_at(text, at, folded)
	for _, wanted in ipairs(folded) do
		local character = character_at(text, at)
		if not character or letter_case.fold(character) ~= wanted then
			return nil
		end
		at = at + #character
	end
	return at - 1
end

-- A function that finds the pattern from a place on: the first and the last byte.
local function finder(text, pattern, ignore_case)
	if not ignore_case then
		return function(at)
			return text:find(pattern, at, true)
		end
	elseif not (text .. pattern):find "[\x80-\xff]" then
		local upper_text, upper_pattern = text:upper(), pattern:upper()
		return function(at)
			return upper_text:find(upper_pattern, at, true)
		end
	end
	local folded = {}
	for character in pattern:gmatch(utf8.charpattern) do
		folded[#folded + 1] = letter_case.fold(character)
	end
	return function(at)
		while at <= #text do
			local last = matches_at(text, at, folded)
			if last then
				return at, last
			end
			at = at + #(character_at(text, at) or ".")
		end
	end
end

--- Replaces a pattern in a text.
---@param text string
---@param pattern string at least one character
---@param with string
---@param options {global: boolean, ignore_case: boolean}
---@param work partnerapp.destination.work pays for what is inserted
---@return string
function replacement.replace(text, pattern, with, options, work)
	local find, parts = finder(text, pattern, options.ignore_case), parts_of(with)
	local out, done = {}, 1
	local first, last = find(1)
	while first do
		out[#out + 1] = text:sub(done, first - 1)
		expand(parts, text, first, last, out, work)
		done = last + 1
		if not options.global then
			break
		end
		first, last = find(done)
	end
	out[#out + 1] = text:sub(done)
	return table.concat(out)
end

return replacement
