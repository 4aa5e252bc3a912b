-- The assignments of a .env file, with their places in its text. What is an assignment, and what its value is, is as
-- npm's dotenv has it; tests/oracle/dotenv.test.mjs compares the two, and says where they differ and why.
local white_space = require "partnerapp.store.white_space"

local assignments = {}

---@class cli.dotenv.assignment
---@field line integer of the file
---@field name string? nil when the line assigns nothing
---@field value string? nil when it cannot be read
---@field problem string? why not
---@field first integer? the first byte of the value, quotes included; where a value would begin when there is none
---@field last integer? the last one
---@field quote string? "'", '"', "`", or "" without

local ESCAPES = { n = "\n", r = "\r", ['"'] = '"', ["\\"] = "\\" }

local BACKSLASH = ("\\"):byte()

-- Of a line that is not read.
local NOT_AN_ASSIGNMENT = "must be NAME=value"
local NOT_ENDED = "begins with a quote and does not end with it"
local TEXT_AFTER = "has text after the quote that ends it"
local HAS_NUL = "has a NUL byte"
local UTF_16 = "is UTF-16, not UTF-8"

-- The name that a line assigns to, and the position after '=', or after ':' and a space; nil when it assigns nothing.
local function name_in(line)
	local start = white_space.inside(line)
	for _, from in ipairs { line:match("^export%s+()", start) or start, start } do
		local name, at = line:match("^([%w_.-]+)%s*=()", from)
		if not name then
			name, at = line:match("^([%w_.-]+):%s()", from)
		end
		if not name then
			name, at = line:match("^([%w_.-]+):()$", from)
		end
		if name then
			return name, at
		end
	end
end

-- Whether a line is a name alone, whose value is in the environment: as docker compose and shells have it.
local function is_bare(line)
	local text = white_space.trim(line:gsub("%s#.*$", ""))
	return text:find "^[%w_][%w_.-]*$" or text:find "^export%s+[%w_][%w_.-]*$"
end

-- Whether nothing but white space and a comment is in a line from a position on.
local function is_over(text, at)
	local stop = text:find("[\r\n]", at) or #text + 1
	local first = white_space.inside(text, at, stop - 1)
	return first >= stop or text:find("^#", first) ~= nil
end

-- Whether an odd number of backslashes is before a position.
local function is_escaped(text, at)
	local before = at
	while text:byte(before - 1) == BACKSLASH do
		before = before - 1
	end
	return (at - before) % 2 == 1
end

-- The position of the quote that ends what the quote at `open` begins, maybe lines later, and after which the line is
-- over: the first one without a backslash before it, else the last one with. In double quotes two backslashes stand for
-- one, so a quote after two may end the value too. nil when there is none.
local function closing(text, open, quote)
	local passed, at = {}, text:find(quote, open + 1, true)
	while at and at - 1 > open and text:byte(at - 1) == BACKSLASH do
		if quote == '"' and not is_escaped(text, at) and is_over(text, at + 1) then
			return at
		end
		passed[#passed + 1] = at
		at = text:find(quote, at + 1, true)
	end
	if at and is_over(text, at + 1) then
		return at
	end
	for i = #passed, 1, -1 do
		if is_over(text, passed[i] + 1) then
			return passed[i]
		end
	end
end

local function unescaped(inside)
	return (inside:gsub("\\(.)", function(letter)
		return ESCAPES[letter] or "\\" .. letter
	end))
end

-- Where what is written from `first` to the end of the line ends, before a comment: '#' after white space.
local function last_of_line(text, first, stop)
	local comment = text:sub(first, stop - 1):find "%s#"
	local _, last = white_space.inside(text, first, comment and first + comment - 2 or stop - 1)
	return last
end

-- Reads a value in quotes, which begin at `first` in a line that ends before `stop`.
local function read_quoted(text, first, stop, found)
	local quote = text:sub(first, first)
	local last = closing(text, first, quote)
	if not last then
		-- Quotes around the rest of the line, in which there are others: "say "so"".
		last = last_of_line(text, first, stop)
		if last == first or text:sub(last, last) ~= quote then
			local is_ended = text:sub(first + 1, last):find(quote, 1, true)
			found.problem = is_ended and TEXT_AFTER or NOT_ENDED
		end
	end
	local inside = text:sub(first + 1, last - 1):gsub("\r\n?", "\n")
	found.first, found.last, found.quote = first, last, quote
	found.value = quote == '"' and unescaped(inside) or inside
end

-- Reads the value that is at a position or later in its line, which ends before `stop`.
local function read_value(text, at, stop, found)
	local first = white_space.inside(text, at, stop - 1)
	if first < stop and text:find("^[\"'`]", first) then
		read_quoted(text, first, stop, found)
	elseif first >= stop or first > at and text:find("^#", first) then
		found.first, found.last, found.quote, found.value = at, at - 1, "", ""
	else
		found.first, found.last, found.quote = first, last_of_line(text, first, stop), ""
		found.value = text:sub(first, found.last)
	end
	if found.value:find("\0", 1, true) then
		found.problem = HAS_NUL
	end
	if found.problem then
		found.value, found.last = nil, math.min(found.last, stop - 1)
	end
end

-- What a line says that begins at a position and ends before `stop`; nil when that is nothing.
local function read_line(text, start, stop, number)
	local line = text:sub(start, stop - 1)
	local first = white_space.inside(line)
	if first > #line or line:find("^[#;]", first) then
		return nil
	end
	local name, at = name_in(line)
	if name then
		local found = { name = name, line = number }
		read_value(text, start + at - 1, stop, found)
		return found
	end
	return not is_bare(line) and { line = number, problem = NOT_AN_ASSIGNMENT } or nil
end

-- The number of line ends in a part of a text.
local function line_ends(text, first, last)
	local _, count = text:sub(first, last):gsub("\r\n?", "\n"):gsub("\n", "")
	return count
end

--- All assignments of a file, and all lines that are none.
---@param text string
---@return cli.dotenv.assignment[]
function assignments.all(text)
	if assignments.is_utf_16(text) then
		return { { line = 1, problem = UTF_16 } }
	end
	local list, number = {}, 1
	local at = text:match "^\u{FEFF}()" or 1
	while at <= #text do
		local stop = text:find("[\r\n]", at) or #text + 1
		local found = read_line(text, at, stop, number)
		list[#list + 1] = found
		if found and found.last and found.last >= stop then
			stop = text:find("[\r\n]", found.last + 1) or #text + 1
		end
		local after = text:match("^\r?\n?()", stop)
		number = number + line_ends(text, at, after - 1)
		at = after
	end
	return list
end

--- Whether a text is UTF-16, as some editors and shells of Windows write it.
---@param text string
---@return boolean
function assignments.is_utf_16(text)
	return text:find "^\xFF\xFE" ~= nil or text:find "^\xFE\xFF" ~= nil
end

return assignments
