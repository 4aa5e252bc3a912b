-- White space as people paste it: ASCII's and Unicode's, a byte order mark and the space without width too.
local white_space = {}

-- What JavaScript's trim takes as white space beyond ASCII, and U+200B, which web pages put beside what is copied.
local WIDE = {
	["\u{A0}"] = true,
	["\u{1680}"] = true,
	["\u{2028}"] = true,
	["\u{2029}"] = true,
	["\u{202F}"] = true,
	["\u{205F}"] = true,
	["\u{3000}"] = true,
	["\u{FEFF}"] = true,
}
for code = 0x2000, 0x200B do
	WIDE[utf8.char(code)] = true
end

-- The number of bytes of the white space at a position: 0 when there is none.
local function length_at(text, at)
	if text:find("^%s", at) then
		return 1
	end
	local two, three = text:sub(at, at + 1), text:sub(at, at + 2)
	return WIDE[two] and 2 or WIDE[three] and 3 or 0
end

-- The number of bytes of the white space that ends at a position.
local function length_before(text, last)
	if text:find("^%s", last) then
		return 1
	end
	local two, three = text:sub(last - 1, last), text:sub(math.max(last - 2, 1), last)
	return WIDE[two] and 2 or WIDE[three] and 3 or 0
end

--- The positions of the first and the last byte between the white space at both ends of a part of a text.
---@param text string
---@param first integer? of the part; 1 by default
---@param last integer? of the part; the end by default
---@return integer first
---@return integer last first - 1 when there is nothing else
function white_space.inside(text, first, last)
	first, last = first or 1, last or #text
	while first <= last and length_at(text, first) > 0 do
		first = first + length_at(text, first)
	end
	while last >= first and length_before(text, last) > 0 do
		last = last - length_before(text, last)
	end
	return first, math.max(last, first - 1)
end

--- The text without white space at its ends.
---@param text string
---@return string
function white_space.trim(text)
	return text:sub(white_space.inside(text))
end

--- Whether there is white space in a text.
---@param text string
---@return boolean
function white_space.is_in(text)
	if text:find "%s" then
		return true
	end
	for at in text:gmatch "()[\xC2\xE1\xE2\xE3\xEF]" do
		if length_at(text, at) > 0 then
			return true
		end
	end
	return false
end

return white_space
