-- Upper and lower case of all of Unicode, as JavaScript has them: the same in each language, and a character may become
-- several.
local data = require "partnerapp.destination.letter_case_data"

local letter_case = {}

local SMALL_FINAL_SIGMA, SMALL_SIGMA, CAPITAL_SIGMA = "ς", "σ", "Σ"

local function number(digits)
	return math.tointeger(tonumber(digits, 16))
end

-- A table of characters and what they become.
local function read_mapping(runs, specials)
	local map = {}
	for first, times, step, difference in runs:gmatch "(%x+),(%x+),(%x+),(-?%x+)" do
		first, times, step, difference = number(first), number(times), number(step), number(difference)
		for code = first, first + (times - 1) * step, step do
			map[utf8.char(code)] = utf8.char(code + difference)
		end
	end
	for code, codes in specials:gmatch "(%x+)=(%S+)" do
		local becomes = {}
		for each in codes:gmatch "%x+" do
			becomes[#becomes + 1] = utf8.char(number(each))
		end
		map[utf8.char(number(code))] = table.concat(becomes)
	end
	return map
end

-- A set of characters: the first and the last of each run, in ascending order.
local function read_set(runs)
	local bounds = {}
	for first, times in runs:gmatch "(%x+)%+(%x+)" do
		bounds[#bounds + 1] = number(first)
		bounds[#bounds + 1] = number(first) + number(times) - 1
	end
	return bounds
end

-- Whether a character, which may be nil, is in such a set.
local function is_in(bounds, character)
	local code = character and utf8.codepoint(character) or -1
	local low, high = 0, #bounds // 2 -- the run is after `low`, at most at `high`
	while low < high do
		local middle = (low + high) // 2
		if code > bounds[2 * middle + 2] then
			low = middle + 1
		else
			high = middle
		end
	end
	return low < #bounds // 2 and code >= bounds[2 * low + 1]
end

-- Most strings need none of the tables: each is read when it is used first.
local readers = {
	upper = function()
		return read_mapping(data.upper, data.upper_special)
	end,
	lower = function()
		return read_mapping(data.lower, data.lower_special)
	end,
	ignorable = function()
		return read_set(data.ignorable)
	end,
	cased = function()
		return read_set(data.cased)
	end,
}
local tables = {}

local function table_of(name)
	tables[name] = tables[name] or readers[name]()
	return tables[name]
end

local function is_ascii(text)
	return not text:find "[\x80-\xff]"
end

--- The string in upper case.
---@param text string
---@return string
function letter_case.upper(text)
	if is_ascii(text) then
		return text:upper()
	end
	return (text:gsub(utf8.charpattern, table_of "upper"))
end

-- Whether the next letter from a place on, in steps of 1 or -1, has a case. Marks and the like do not count.
local function meets_cased(characters, at, step)
	local ignorable = table_of "ignorable"
	while is_in(ignorable, characters[at]) do
		at = at + step
	end
	return is_in(table_of "cased", characters[at])
end

-- The small sigma looks different at the end of a word: this sets it for each capital one.
local function lower_sigma(text)
	local characters = {}
	for character in text:gmatch(utf8.charpattern) do
		characters[#characters + 1] = character
	end
	local changed = table.move(characters, 1, #characters, 1, {})
	for at, character in ipairs(characters) do
		if character == CAPITAL_SIGMA then
			local final = meets_cased(characters, at - 1, -1) and not meets_cased(characters, at + 1, 1)
			changed[at] = final and SMALL_FINAL_SIGMA or SMALL_SIGMA
		end
	end
	return table.concat(changed)
end

--- The string in lower case.
---@param text string
---@return string
function letter_case.lower(text)
	if is_ascii(text) then
		return text:lower()
	end
	if text:find(CAPITAL_SIGMA, 1, true) then
		text = lower_sigma(text)
	end
	return (text:gsub(utf8.charpattern, table_of "lower"))
end

--- A character in the form in which a regular expression of JavaScript with the flag `i` (and without `u`) compares it.
---@param character string
---@return string
function letter_case.fold(character)
	if #character == 1 then
		return character:upper()
	end
	local folded = table_of("upper")[character]
	-- Neither a character that becomes several or ASCII, nor one above U+FFFF, which is two units there.
	if not folded or #character == 4 or #folded == 1 or utf8.len(folded) ~= 1 then
		return character
	end
	return folded
end

return letter_case
