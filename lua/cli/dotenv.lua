-- Reads and writes .env files: lines of NAME=value with optional `export`, quotes and comments.
local files = require "native.files"
local private_file = require "cli.private_file"

local dotenv = {}

local OWNER_ONLY = tonumber("600", 8)

local ESCAPES = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\" }
local ESCAPED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

-- The name that a line assigns to, and the position after its '='; nil when the line assigns nothing.
local function assignment(line)
	return line:match("^%s*([%a_][%w_]*)%s*=()", line:match "^%s*export%s+()")
end

-- The text in double quotes and what is after them. The first quote without a backslash ends it, when white space or a
-- comment follows; else, as dotenv reads it, the last one in the line, or one before a comment.
local function in_double_quotes(text)
	local stop = 2
	while text:find('^[^"]', stop) do
		stop = stop + (text:find("^\\", stop) and 2 or 1)
	end
	local after = text:sub(stop + 1)
	if stop <= #text and (after:find "^%s*$" or after:find "^%s+#") then
		return text:sub(2, stop - 1), after
	end
	local inside
	inside, after = text:match '^"(.*)"(%s*)$'
	if not inside then
		inside, after = text:match '^"(.-)"(%s+#.*)$'
	end
	return inside, after
end

-- The parts of what follows '=': the quote ("" without), the text inside, and what is before and after it: white space
-- and a comment. nil when a quote is not closed.
local function parts_of(text)
	local before, rest = text:match "^(%s*)(.*)$"
	local quote = rest:match "^[\"']" or ""
	local inside, after
	if quote == "'" then
		inside, after = rest:match "^'([^']*)'(%s*)$"
		if not inside then
			inside, after = rest:match "^'([^']*)'(%s+#.*)$"
		end
	elseif quote == '"' then
		inside, after = in_double_quotes(rest)
	else
		before, inside = text:gsub("%s+#.*$", ""):match "^(%s*)(.-)%s*$"
		after = text:sub(#before + #inside + 1)
	end
	return inside and quote, inside, before, after
end

-- The value of what follows '='; nil when a quote is not closed.
local function value_of(text)
	local quote, inside = parts_of(text)
	if quote ~= '"' then
		return inside
	end
	return (inside:gsub("\\(.)", function(letter)
		return ESCAPES[letter] or "\\" .. letter
	end))
end

-- The values that a file's text assigns; a line that assigns nothing is a problem.
local function parse(text, path, problems)
	local values, number = {}, 0
	for line in (text:gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch "([^\n]*)\n" do
		number = number + 1
		line = line:gsub("\r$", "")
		if line:find "%S" and not line:find "^%s*#" then
			local name, at = assignment(line)
			local value = name and value_of(line:sub(at))
			if value then
				values[name] = value
			elseif name then
				problems[#problems + 1] = ("%s:%d: the value of %s begins with a quote and does not end with it"):format(
					path,
					number,
					name
				)
			else
				problems[#problems + 1] = ("%s:%d: must be NAME=value"):format(path, number)
			end
		end
	end
	return values
end

--- Reads the file. A missing one is empty.
---@param path string
---@param problems string[] gets a message for each line that assigns nothing, and for a file that cannot be read
---@param warnings string[] gets one when other users can read the file (OP-06)
---@param lookup cli.lookup? native.files by default
---@return table<string, string>
function dotenv.read(path, problems, warnings, lookup)
	lookup = lookup or files
	local text, message, code = lookup.read(path)
	if not text then
		if code ~= "not_found" then
			problems[#problems + 1] = message
		end
		return {}
	end
	private_file.check(path, warnings, lookup)
	return parse(text, path, problems)
end

-- A value in the quotes its line had, if these can hold it. Single quotes are preferred: a shell that reads the file
-- replaces nothing inside them.
local function quoted(value, quote)
	if quote == "" and not value:find "[^%w._~/:@+-]" then
		return value
	elseif quote ~= '"' and not value:find "['%c]" then
		return "'" .. value .. "'"
	end
	return '"' .. value:gsub('[\n\r\t"\\]', ESCAPED) .. '"'
end

--- A file's text with a value set: in the name's last assignment, which counts, else in a new line at the end. All
--- other lines stay as they are, also that line's spaces, quotes and comment.
---@param text string
---@param name string
---@param value string
---@return string text
function dotenv.set(text, name, value)
	local first, last, changed
	for start, line, stop in text:gmatch "()([^\n]*)()" do
		local found, at = assignment(line)
		if found == name then
			local quote, _, before, after = parts_of(line:sub(at))
			first, last = start, stop
			changed = line:sub(1, at - 1) .. (before or "") .. quoted(value, quote or "") .. (after or "")
		end
	end
	if first then
		return text:sub(1, first - 1) .. changed .. text:sub(last)
	end
	local gap = (text == "" or text:sub(-1) == "\n") and "" or "\n"
	return text .. gap .. name .. "=" .. quoted(value, "") .. "\n"
end

--- Sets values in the file, which then belongs to its owner alone. Without values the file is written unchanged, which
--- shows whether it can be written.
---@param path string a link is followed, not replaced
---@param values {[1]: string, [2]: string}[] names and values, in the order for new lines
---@return true?, string? message, string? code
function dotenv.write(path, values)
	local text, message, code = files.read(path)
	if not text and code ~= "not_found" then
		return nil, message, code
	end
	text = text or ""
	for _, pair in ipairs(values) do
		text = dotenv.set(text, pair[1], pair[2])
	end
	return files.write(files.real(path) or path, text, OWNER_ONLY)
end

return dotenv
