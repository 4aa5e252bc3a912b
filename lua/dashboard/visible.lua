-- Text of others as a page may show it: characters that hide or turn around what stands beside them are written as
-- their numbers, and bytes that are not UTF-8 are counted instead.
local MOST = 64 << 10 -- bytes of one text on a page

-- Control characters, marks that change the direction of text, and other characters without a width.
local RANGES = {
	{ 0x80, 0x9F },
	{ 0xAD, 0xAD },
	{ 0x61C, 0x61C },
	{ 0x200B, 0x200F },
	{ 0x2028, 0x202E },
	{ 0x2060, 0x2069 },
	{ 0xFEFF, 0xFEFF },
	{ 0xE0000, 0xE007F },
}
local HIDDEN = {}
for _, range in ipairs(RANGES) do
	for code = range[1], range[2] do
		HIDDEN[utf8.char(code)] = ("⟨U+%04X⟩"):format(code)
	end
end

local function control(byte)
	return ("⟨U+%04X⟩"):format(byte:byte())
end

-- The longest beginning of a UTF-8 text with at most so many bytes.
local function cut(text)
	local at = utf8.offset(text, 0, MOST + 1)
	return text:sub(1, at - 1)
end

---@param text string
---@return string text, boolean whole false when it is only the beginning
return function(text)
	if not utf8.len(text) then
		return ("%d bytes that are not UTF-8 text"):format(#text), false
	end
	local whole = #text <= MOST
	text = whole and text or cut(text)
	text = text:gsub("[\0-\8\11\12\14-\31\127]", control)
	return text:gsub("[\xc2\xd8\xe2\xef\xf3][\x80-\xbf]+", HIDDEN), whole
end
