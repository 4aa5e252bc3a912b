-- The lines of a source that the problems of its definition are about. When a definition is judged it is a table, so
-- they are looked for by names: one field may be in several actions, and its name in a preset above them.
local lines_of = require "partnerapp.destination.lines"
local scripts = require "native.scripts"

local source_lines = {}

local function escaped(word)
	return (word:gsub("%p", "%%%0"))
end

-- The first line from `from` on for which `fits` holds.
local function find(lines, from, fits)
	for number = from, #lines do
		if fits(lines[number]) then
			return number
		end
	end
end

-- Where an action or a field of that name begins: `{ "name", title = …`, or a line that begins with `"name",`.
local function find_item(lines, from, name)
	local quoted = "[\"']" .. escaped(name) .. "[\"']%s*,"
	return find(lines, from, function(line)
		return line:find("{%s*" .. quoted .. "%s*[%a_]+%s*=") or line:find("^%s*" .. quoted)
	end)
end

local function find_preset(lines, name)
	return find(lines, 1, function(line)
		return line:find("name%s*=%s*[\"']" .. escaped(name) .. "[\"']")
	end)
end

-- The line of what a message begins with: "action 'track': field 'event': …"; 1 when it names nothing.
local function begin_of(lines, message)
	local action, preset = message:match "^action '([^']+)'", message:match "^preset '([^']+)'"
	local from = action and find_item(lines, 1, action) or preset and find_preset(lines, preset) or 1
	for field in message:gmatch "field '([^']+)'" do
		from = find_item(lines, from, field) or from
	end
	return from
end

-- The first line that has the word in quotes, or before an equals sign; else one that has it at all.
local function find_word(lines, from, word)
	local function has_name(line)
		local at, to = line:find(word, 1, true)
		return line:find('"' .. word .. '"', 1, true)
			or line:find("'" .. word .. "'", 1, true)
			or at and line:find("^%s*=", to + 1)
	end
	return find(lines, from, has_name) or find(lines, from, function(line)
		return line:find(word, 1, true)
	end)
end

--- Each problem with its file and line.
---@param problems {message: string, about: string?}[] `about` is a word of the source
---@param place string of the definition: "destinations/acme.lua:5"
---@return string[]
function source_lines.located(problems, place)
	local file, line = place:match "^(.*):([%d?]+)$"
	local lines, located = lines_of(file and scripts.read("app", file) or ""), {}
	for i, problem in ipairs(problems) do
		local about, from = problem.about, begin_of(lines, problem.message)
		local at = about and (find_word(lines, from, about) or find_word(lines, 1, about)) or from > 1 and from or nil
		located[i] = ("%s:%s: %s"):format(file or place, at or line or "?", problem.message)
	end
	return located
end

return source_lines
