-- The words, strings and signs of a Lua script, in their order. What is in comments is left out.
local lua_tokens = {}

---@class partnerapp.host.token
---@field kind "name"|"number"|"string"|"sign" a reserved word is a name
---@field text string of a string, what is between its marks, as it is written
---@field line integer
---@field n integer its place in the list

-- The signs of more than one character.
local SIGNS = {}
for text in ("... .. == ~= <= >= << >> // ::"):gmatch "%S+" do
	SIGNS[text] = true
end

-- Where a long bracket at `at` ends, and what is in it; nil when there is none.
local function long_bracket(source, at)
	local equals = source:match("^%[(=*)%[", at)
	if not equals then
		return nil
	end
	local first, last = source:find("]" .. equals .. "]", at, true)
	return last or #source, source:sub(at + #equals + 2, (first or #source + 1) - 1)
end

-- Where a string with one of the marks ' and " ends.
local function quoted(source, at)
	local mark, to = source:sub(at, at), at + 1
	while to <= #source do
		local byte = source:sub(to, to)
		if byte == mark or byte == "\n" then
			return to
		elseif source:find("^\\z", to) then -- skips the white space after it
			to = source:find("%S", to + 2) or #source + 1
		else
			to = to + (byte == "\\" and 2 or 1)
		end
	end
	return #source
end

local function sign(source, at)
	for length = 3, 2, -1 do
		local text = source:sub(at, at + length - 1)
		if SIGNS[text] then
			return text
		end
	end
	return source:sub(at, at)
end

-- Where a number ends: 3, 0x1p-4, 1e+9, .5
local function number(source, at)
	local exponent = source:find("^0[xX]", at) and "[pP]" or "[eE]"
	local to = at
	while source:find("^[%w.]", to) or source:find("^[+-]", to) and source:find("^" .. exponent, to - 1) do
		to = to + 1
	end
	return to - 1
end

local function comment(source, at)
	local last = long_bracket(source, at + 2)
	return last or (source:find("\n", at, true) or #source + 1) - 1
end

local function lines_of(text)
	return text:find("\n", 1, true) and select(2, text:gsub("\n", "")) or 0
end

-- The token at a place: where it ends, its kind and its text. No kind: nothing that counts.
local function token_at(source, at)
	local name = source:match("^[%a_][%w_]*", at)
	if name then
		return at + #name - 1, "name", name
	end
	local first = source:sub(at, at)
	if first == '"' or first == "'" then
		local last = quoted(source, at)
		return last, "string", source:sub(at + 1, last - 1)
	elseif source:find("^%.?%d", at) then
		local last = number(source, at)
		return last, "number", source:sub(at, last)
	elseif first == "-" and source:sub(at + 1, at + 1) == "-" then
		return comment(source, at)
	end
	local last, text = long_bracket(source, at)
	if last then
		return last, "string", text
	end
	text = sign(source, at)
	return at + #text - 1, "sign", text
end

--- The tokens of a script that compiles.
---@param source string
---@return partnerapp.host.token[]
function lua_tokens.of(source)
	local list, at, line = {}, 1, 1
	while true do
		local from = source:find("%S", at)
		if not from then
			return list
		end
		line = line + (from > at and lines_of(source:sub(at, from - 1)) or 0)
		local last, kind, text = token_at(source, from)
		if kind then
			list[#list + 1] = { kind = kind, text = text, line = line, n = #list + 1 }
		end
		if kind == "string" or not kind then
			line = line + lines_of(source:sub(from, last))
		end
		at = last + 1
	end
end

return lua_tokens
