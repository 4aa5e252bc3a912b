-- The words of a trigger. This is Segment's own reader with its gaps, for a trigger must mean here what it means there:
-- a string that is not followed by white space, a comma or a bracket opens another one; `and(` is a name.
--
-- A token is { kind, value, at, stop }: `value` is what Segment compares and prints, strings with their quotes; `at`
-- and `stop` are the first and the last byte. Kinds: name, operator, conditional, string, number, null, end, and the
-- characters . [ ] , ( ) themselves.
local trigger_tokens = {}

local Reader = {}
Reader.__index = Reader

-- Ends the reading; trigger_parser catches it.
local function fail(at, expected)
	error({ at = at, expected = expected }, 0)
end
trigger_tokens.fail = fail

-- The character at a byte, "" after the end.
function Reader:character(at)
	return self.text:match("^[^\x80-\xbf][\x80-\xbf]*", at) or self.text:sub(at, at)
end

local function is_terminator(character)
	return character == "" or character:find "^[ \t\n,%])]" ~= nil
end

-- Reads a word when it is next and a terminator follows. Segment forgets to go back when the text ends before the word
-- could: the rest of the text is lost then.
function Reader:accept(word)
	local at, units = self.at, 0
	while units < #word do
		local character = self:character(at)
		if character == "" then
			self.at = at
			return false
		end
		at, units = at + #character, units + (#character == 4 and 2 or 1)
		if is_terminator(character) then
			break
		end
	end
	if self.text:sub(self.at, at - 1) ~= word or not is_terminator(self:character(at)) then
		return false
	end
	self.at = at
	return true
end

function Reader:add(kind, value, at)
	local token = { kind = kind, value = value, at = at, stop = math.min(self.at, #self.text + 1) - 1 }
	self.tokens[#self.tokens + 1] = token
	return token
end

function Reader:string(at)
	local quote = self.text:sub(at, at)
	local stop = self.text:find(quote, self.at, true)
	if not stop then
		fail(at, "a closing " .. quote)
	end
	local value = self.text:sub(at, stop)
	self.at = stop
	local closed = self:accept(quote)
	local token = self:add("string", value, at)
	if not closed then
		token.stop, token.reopened = stop, true
	end
end

function Reader:number(at)
	local points = 0
	while self.text:find("^[%d.]", self.at) do
		local is_point = self.text:sub(self.at, self.at) == "."
		self.at = self.at + 1
		if is_point then
			points = points + 1
			if is_terminator(self:character(self.at)) or points > 1 then
				fail(self.at - 1, points > 1 and "a number with one point" or "a digit after the point")
			end
		end
	end
	self:add("number", self.text:sub(at, self.at - 1), at)
end

function Reader:name(at)
	local parts = {}
	local character = self.text:sub(at, at)
	while true do
		if character == "\\" then
			character = self:character(self.at)
			if character == "" then
				fail(self.at, "a character after \\")
			elseif #character == 4 then
				fail(self.at, "a character below U+10000 after \\")
			end
			self.at = self.at + #character
		end
		parts[#parts + 1] = character
		if not self.text:find("^[%w_\\-]", self.at) then
			break
		end
		character = self.text:sub(self.at, self.at)
		self.at = self.at + 1
	end
	local follows = self:character(self.at)
	if not is_terminator(follows) and not follows:find "^[.(=!]" then
		fail(self.at, "white space after the name " .. table.concat(parts))
	end
	self:add("name", table.concat(parts), at)
end

local WORDS = {
	a = { rest = "nd", kind = "conditional", value = "and" },
	o = { rest = "r", kind = "conditional", value = "or" },
	n = { rest = "ull", kind = "null", value = "null" },
}

function Reader:word(at, first)
	local word = WORDS[first]
	if word and self:accept(word.rest) then
		self:add(word.kind, word.value, at)
	else
		self:name(at)
	end
end

function Reader:operator(at, first)
	if first == "=" then
		self:add("operator", "=", at)
	elseif first == "!" and self.text:find("^[%a(]", self.at) then
		self:add("operator", "!", at)
	elseif self:accept "=" then
		self:add("operator", first .. "=", at)
	elseif first == "!" then
		fail(self.at, "= and white space after !")
	else
		self:add("operator", first, at)
	end
end

function Reader:token()
	local at = self.at
	local first = self:character(at)
	self.at = at + #first
	if first:find "^[!=<>]" then
		self:operator(at, first)
	elseif first:find "^[%a_\\]" then
		self:word(at, first)
	elseif first:find "^[%d+-]" then
		self:number(at)
	elseif first == '"' or first == "'" then
		self:string(at)
	elseif first:find "^[.%[%],()]" then
		self:add(first, first, at)
	else
		fail(at, "a name, a value, an operator or a parenthesis")
	end
end

-- Names with points between them are one name.
local function join(tokens)
	local joined = {}
	local at = 1
	while tokens[at] do
		local last, token, follows = joined[#joined], tokens[at], tokens[at + 1]
		if last and last.kind == "name" and token.kind == "." and follows and follows.kind == "name" then
			local value = last.value .. "." .. follows.value
			joined[#joined] = { kind = "name", value = value, at = last.at, stop = follows.stop }
			at = at + 2
		else
			joined[#joined + 1] = token
			at = at + 1
		end
	end
	return joined
end

--- The tokens of a text; the last is `end`. Raises { at, expected } for what cannot be read.
---@param text string
---@return table[]
function trigger_tokens.read(text)
	local reader = setmetatable({ text = text, at = 1, tokens = {} }, Reader)
	while true do
		reader.at = text:find("[^ \t\n]", reader.at) or #text + 1
		if reader.at > #text then
			break
		end
		reader:token()
	end
	reader:add("end", "eos", #text + 1)
	return join(reader.tokens)
end

return trigger_tokens
