-- Reads and writes a .env file: NAME=value lines, optional `export`, quotes, comments.
local files = require "native.files"

local dotenv = {}

local WORLD_READABLE = tonumber("004", 8)
local OWNER_ONLY = tonumber("600", 8)

local ESCAPES = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\" }
local ESCAPED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

-- The name that a line assigns to, and where what stands behind its '=' begins; nil when it assigns nothing.
local function assignment(line)
	return line:match("^%s*([%a_][%w_]*)%s*=()", line:match("^%s*export%s+()"))
end

-- What stands behind '=': the quote, what is inside, and around it white space and a comment. Nil when a quote is open.
local function parts_of(text)
	local before, rest = text:match("^(%s*)(.*)$")
	local quote = rest:match("^[\"']") or ""
	local inside, behind
	if quote == "'" then
		inside, behind = rest:match("^'([^']*)'(%s*)$")
		if not inside then
			inside, behind = rest:match("^'([^']*)'(%s+#.*)$")
		end
	elseif quote == '"' then
		inside, behind = rest:match('^"(.*)"(%s*)$')
		if not inside then
			inside, behind = rest:match('^"(.-)"(%s+#.*)$')
		end
	else
		before, inside = text:gsub("%s+#.*$", ""):match("^(%s*)(.-)%s*$")
		behind = text:sub(#before + #inside + 1)
	end
	return inside and quote, inside, before, behind
end

-- The value of what stands behind '=', or nil when a quote is left open.
local function value_of(text)
	local quote, inside = parts_of(text)
	if quote ~= '"' then
		return inside
	end
	return (inside:gsub("\\(.)", function(letter)
		return ESCAPES[letter] or "\\" .. letter
	end))
end

--- Reads the file; one that is not there is empty.
---@param path string
---@param problems string[] lines that make no sense are added
---@param warnings string[]
---@return table<string, string>
function dotenv.read(path, problems, warnings)
	local values = {}
	local bytes, message, code = files.read(path)
	if not bytes then
		if code ~= "not_found" then
			problems[#problems + 1] = ("%s: %s"):format(path, message)
		end
		return values
	end
	local stat = files.stat(path)
	if stat and stat.mode & WORLD_READABLE ~= 0 then
		warnings[#warnings + 1] = ("%s can be read by every user of this machine: chmod 600 %s"):format(path, path)
	end
	local number = 0
	for line in (bytes:gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch("([^\n]*)\n") do
		number = number + 1
		line = line:gsub("\r$", "")
		if line:find("%S") and not line:find("^%s*#") then
			local name, at = assignment(line)
			local value = name and value_of(line:sub(at))
			if value then
				values[name] = value
			else
				problems[#problems + 1] = ("%s:%d: must be NAME=value"):format(path, number)
			end
		end
	end
	return values
end

-- A value in the quotes its line had, if they can hold it; single ones keep a shell from reading anything into it.
local function quoted(value, quote)
	if quote == "" and not value:find("[^%w._~/:@+-]") then
		return value
	elseif quote ~= '"' and not value:find("['%c]") then
		return "'" .. value .. "'"
	end
	return '"' .. value:gsub('[\n\r\t"\\]', ESCAPED) .. '"'
end

-- The text with a name's last assignment changed, or with one more line.
local function assign(text, name, value)
	local first, last, changed
	for start, line, stop in text:gmatch("()([^\n]*)()") do
		local found, at = assignment(line)
		if found == name then
			local quote, _, before, behind = parts_of(line:sub(at))
			first, last = start, stop
			changed = line:sub(1, at - 1) .. (before or "") .. quoted(value, quote or "") .. (behind or "")
		end
	end
	if first then
		return text:sub(1, first - 1) .. changed .. text:sub(last)
	end
	local gap = (text == "" or text:sub(-1) == "\n") and "" or "\n"
	return text .. gap .. name .. "=" .. quoted(value, "") .. "\n"
end

--- Sets values in the file and keeps everything else in it as it is; it is its owner's alone afterwards. Without values
--- it is written as it was, which shows whether it can be.
---@param path string
---@param values {[1]: string, [2]: string}[] names and values, in the order for new lines
---@return true?, string? message, string? code
function dotenv.write(path, values)
	local text, message, code = files.read(path)
	if not text and code ~= "not_found" then
		return nil, message, code
	end
	text = text or ""
	for _, pair in ipairs(values) do
		text = assign(text, pair[1], pair[2])
	end
	return files.write(files.real(path) or path, text, OWNER_ONLY) -- where a link leads to, not in its place
end

return dotenv
