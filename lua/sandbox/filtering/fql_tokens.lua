-- The tokens of FQL, as npm @segment/fql-ts reads them: tests/oracle/fql.test.mjs compares. Some rules surprise: a
-- string has no escapes, so that a pattern of match() keeps its \. Strings end at white space, a comma or a closing
-- bracket only, and names also before . ( = and !, so that `a > 5` needs the space before its >.
local tokens = {}

---@class sandbox.fql_token
---@field kind "name"|"."|"operator"|"conditional"|"string"|"number"|"null"|"["|"]"|"("|")"|","
---@field value string of a name without its \, of a string without its quotes
---@field at integer index of its first byte
---@field stop integer index after its last byte

local PUNCTUATION = "^[%.%[%](),]"

-- One character of UTF-8, or one byte of a text that is not.
local function character_at(text, at)
	return text:match("^[\xc2-\xf4][\x80-\xbf]+", at) or text:sub(at, at)
end

--- Raises a problem of a condition: fql.compile catches it.
---@param at integer index of the byte where it is
---@param message string
function tokens.fail(at, message)
	error({ fql = message, at = at }, 0)
end

local fail = tokens.fail

local function ends_word(text, at)
	return at > #text or text:find("^[ \t\n,%])]", at) ~= nil
end

local function string_at(text, at)
	local closing = text:find(text:sub(at, at), at + 1, true)
	if not closing then
		fail(at, ("the string that begins here has no closing %s"):format(text:sub(at, at)))
	elseif not ends_word(text, closing + 1) then
		local sentence = "the string ends here: write a space after it, for \\ does not keep a %s in it"
		fail(closing, sentence:format(text:sub(at, at)))
	end
	return text:sub(at + 1, closing - 1), closing + 1
end

local function number_at(text, at)
	local stop = text:match("^[+-]?[%d.]*()", at)
	local number = text:sub(at, stop - 1)
	local _, points = number:gsub("%.", "")
	if points > 1 then
		fail(at, ("the number %s has more than one decimal point"):format(number))
	elseif number:sub(-1) == "." and ends_word(text, stop) then
		fail(at, ("the number %s ends with its decimal point: write a digit after it"):format(number))
	end
	return number, stop
end

local function name_at(text, at)
	local parts, start = {}, at
	repeat
		local character = text:sub(at, at)
		if character == "\\" then
			at = at + 1
			character = character_at(text, at)
			if character == "" then
				fail(at - 1, "the \\ at the end has no character after it")
			end
		end
		parts[#parts + 1] = character
		at = at + #character
	until not text:find("^[%w_%-\\]", at)
	if not (ends_word(text, at) or text:find("^[.(=!]", at)) then
		local next_one = character_at(text, at)
		if next_one:find "[<>]" then
			fail(at, ("write a space before %s"):format(next_one))
		end
		local name = text:sub(start, at - 1)
		fail(at, ("'%s' after the name %s needs a \\ before it, or a space"):format(next_one, name))
	end
	return table.concat(parts), at
end

local WORDS = { ["and"] = "conditional", ["or"] = "conditional", null = "null" }

local function word_at(text, at)
	for word, kind in pairs(WORDS) do
		if text:sub(at, at + #word - 1) == word and ends_word(text, at + #word) then
			return kind, word, at + #word
		end
	end
	return "name", name_at(text, at)
end

local function operator_at(text, at)
	local first = text:sub(at, at)
	if first == "=" then
		return "=", at + 1
	elseif text:sub(at + 1, at + 1) == "=" and ends_word(text, at + 2) then
		return first .. "=", at + 2
	elseif first ~= "!" then
		return first, at + 1
	elseif text:find("^[%a(]", at + 1) then
		return "!", at + 1
	elseif text:sub(at + 1, at + 1) == "=" then
		fail(at + 2, "write a space after !=")
	end
	fail(at, "! stands before a name or a (, and nothing may be between them")
end

local function token_at(text, at)
	if text:find("^[%a_\\]", at) then
		return word_at(text, at)
	elseif text:find("^[=!<>]", at) then
		return "operator", operator_at(text, at)
	elseif text:find("^[%d+-]", at) then
		return "number", number_at(text, at)
	elseif text:find("^['\"]", at) then
		return "string", string_at(text, at)
	elseif text:find(PUNCTUATION, at) then
		return text:sub(at, at), text:sub(at, at), at + 1
	end
	local character = character_at(text, at)
	if character == "\r" then
		fail(at, "a carriage return is not white space in FQL: end lines with \\n")
	elseif text:find("^&&", at) or text:find("^||", at) then
		fail(at, character == "&" and "write and instead of &&" or "write or instead of ||")
	end
	fail(at, ("'%s' is not expected here: in a name it needs a \\ before it"):format(character))
end

--- The tokens of a condition. Raises what tokens.fail raises.
---@param text string
---@return sandbox.fql_token[]
function tokens.of(text)
	local list, at = {}, 1
	while true do
		at = text:find("[^ \t\n]", at)
		if not at then
			return list
		end
		local kind, value, stop = token_at(text, at)
		list[#list + 1] = { kind = kind, value = value, at = at, stop = stop }
		at = stop
	end
end

return tokens
