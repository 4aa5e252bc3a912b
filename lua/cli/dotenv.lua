-- Reads and writes .env files, which other programs read too.
local assignments = require "cli.dotenv.assignments"
local files = require "native.files"
local private_file = require "cli.private_file"

local dotenv = {}

local OWNER_ONLY = tonumber("600", 8)

local ESCAPED = { ["\n"] = "\\n", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }

-- The values that a file's text assigns. What cannot be read is a warning, as other programs may be able to.
local function parse(text, path, warnings)
	local values = {}
	for _, one in ipairs(assignments.all(text)) do
		if one.problem then
			local message = one.name and "%s:%d: the value of %s %s: this line is not read"
				or "%s:%d: %s%s: this line is not read"
			if assignments.is_utf_16(text) then
				message = "%s:%d: %s%s: nothing of it is read; save it as UTF-8"
			end
			warnings[#warnings + 1] = message:format(path, one.line, one.name or "", one.problem)
		else
			values[one.name] = one.value
		end
	end
	return values
end

--- Reads the file. A missing one is empty.
---@param path string
---@param problems string[] gets a message when the file cannot be read
---@param warnings string[] gets one for each line that cannot be read, and when other users can read the file (OP-06)
---@param lookup cli.lookup? native.files by default
---@return table<string, string>
function dotenv.read(path, problems, warnings, lookup)
	lookup = lookup or files
	local text, message, code = lookup.read(path)
	if not text then
		local stat = lookup.stat(path)
		if stat and stat.kind == "folder" then
			warnings[#warnings + 1] = ("%s is a folder, so there are no settings in it"):format(path)
		elseif code ~= "not_found" then
			problems[#problems + 1] = message
		end
		return {}
	end
	private_file.check(path, warnings, lookup)
	return parse(text, path, warnings)
end

-- The ways to write a value, the best one first: in the quotes its line had, if these can hold it. Single quotes are
-- preferred: a shell that reads the file replaces nothing inside them.
local function ways_to_write(value, quote)
	local ways = {}
	local in_double_quotes = '"' .. value:gsub('[\n\r"\\]', ESCAPED) .. '"'
	if quote == "" and not value:find "[^%w._~/:@+-]" then
		ways[1] = value
	elseif quote == '"' and not value:find '["\\]' then
		ways[1] = in_double_quotes
	elseif quote == "`" and not value:find "[`%c]" then
		ways[1] = "`" .. value .. "`"
	end
	if not value:find "['%c]" then
		ways[#ways + 1] = "'" .. value .. "'"
	end
	ways[#ways + 1] = in_double_quotes
	if not value:find "[`%c]" then
		ways[#ways + 1] = "`" .. value .. "`"
	end
	return ways
end

local function values_in(text)
	local values = {}
	for _, one in ipairs(assignments.all(text)) do
		if one.name then
			values[one.name] = one.value
		end
	end
	return values
end

-- Whether two files say the same, but for the value of a name.
local function is_right(values, wanted, name, value)
	for key, one in pairs(values) do
		if key ~= name and wanted[key] ~= one then
			return false
		end
	end
	for key in pairs(wanted) do
		if key ~= name and values[key] == nil then
			return false
		end
	end
	return values[name] == value
end

--- A file's text with a value set: in the name's last assignment, which counts, else in a new line at the end. All
--- other lines stay as they are, also that line's spaces, quotes, comment and line end. nil and why for a file whose
--- other lines would then mean something else, or that is not UTF-8.
---@param text string
---@param name string
---@param value string
---@return string? text
---@return string? message
function dotenv.set(text, name, value)
	if assignments.is_utf_16(text) then
		return nil, "it is UTF-16: save it as UTF-8"
	end
	local place
	for _, one in ipairs(assignments.all(text)) do
		place = one.name == name and one or place
	end
	local line_end = text:match "\r?\n" or text:match "\r" or "\n"
	local before, after
	if place then
		before, after = text:sub(1, place.first - 1), text:sub(place.last + 1)
		before = before .. (before:find ":$" and " " or "")
	else
		local gap = (text == "" or text == "\u{FEFF}" or text:find "[\r\n]$") and "" or line_end
		before, after = text .. gap .. name .. "=", line_end
	end
	local values = values_in(text)
	for _, way in ipairs(ways_to_write(value, place and place.quote or "")) do
		local changed = before .. way .. after
		if is_right(values_in(changed), values, name, value) then
			return changed
		end
	end
	return nil, ("%s cannot be set in it: close the quotes of its other lines"):format(name)
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
		text, message = dotenv.set(text, pair[1], pair[2])
		if not text then
			return nil, ("%s: %s"):format(path, message), "format"
		end
	end
	return files.write(files.real(path) or path, text, OWNER_ONLY)
end

return dotenv
