-- Reads a .env file: NAME=value lines, optional `export`, quotes, comments.
local files = require "native.files"

local dotenv = {}

local WORLD_READABLE = tonumber("004", 8)

local ESCAPES = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\" }

-- The value of what stands behind '=', or nil when a quote is left open.
local function value_of(text)
	local quote = text:sub(1, 1)
	if quote == "'" then
		return text:match("^'([^']*)'%s*$") or text:match("^'([^']*)'%s+#")
	end
	if quote == '"' then
		local inner = text:match('^"(.*)"%s*$') or text:match('^"(.-)"%s+#')
		return inner and inner:gsub("\\(.)", function(letter)
			return ESCAPES[letter] or "\\" .. letter
		end) or nil
	end
	return (text:gsub("%s+#.*$", ""):gsub("%s+$", ""))
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
			local name, rest = line:gsub("^%s*export%s+", ""):match("^%s*([%a_][%w_]*)%s*=%s*(.*)$")
			local value = name and value_of(rest)
			if value then
				values[name] = value
			else
				problems[#problems + 1] = ("%s:%d: must be NAME=value"):format(path, number)
			end
		end
	end
	return values
end

return dotenv
