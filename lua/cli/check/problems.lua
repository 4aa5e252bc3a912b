-- What `check` found, as lines for a person and as objects for a program.
local problems = {}

---@class cli.check.problem
---@field file string? of the app: "init.lua"
---@field line integer?
---@field code string a short stable word: "syntax", "undeclared"…
---@field message string
---@field hint string? what may have been meant, or what to do
---@field text string all of it, as one text

-- The end of a message that helps: what was meant.
local HINTS = { "^(.-): (did you mean .*)$", "^(.-): (use .*)$", "^(.-): (write `.*)$", "^(.-) %((Lua.*)%)$" }

local function without_hint(message)
	for _, pattern in ipairs(HINTS) do
		local rest, hint = message:match(pattern)
		if rest then
			return rest, hint
		end
	end
	return message
end

local PLACE = "^([^:%c]+%.%l+):(%d+): (.*)$"

-- Reads "init.lua:6: message".
local function read(code, text)
	local file, line, rest = text:match(PLACE)
	local message, hint = without_hint(rest or text)
	return { file = file, line = tonumber(line), code = code, message = message, hint = hint, text = text }
end

-- A module that fails is told once, also when several require it.
local function is_told(list, problem)
	for _, other in ipairs(list) do
		local same_place = other.file == problem.file and other.line == problem.line
		if same_place and (other.message == problem.message or problem.message:find(other.message, 1, true) == 1) then
			return true
		end
	end
	return false
end

-- The problems of a text: a line that begins with a place begins another one.
local function split(text)
	local parts = {}
	for line in text:gmatch "[^\n]+" do
		if not parts[1] or line:find(PLACE) then
			parts[#parts + 1] = line
		else
			parts[#parts] = parts[#parts] .. "\n" .. line
		end
	end
	return parts
end

--- Adds problems, without those that the list has.
---@param list cli.check.problem[]
---@param code string
---@param texts string[] each begins with file and line, when it has any; one may be several problems, each on its lines
function problems.add(list, code, texts)
	for _, text in ipairs(texts) do
		for _, part in ipairs(split(text)) do
			local problem = read(code, part)
			if not is_told(list, problem) then
				list[#list + 1] = problem
			end
		end
	end
end

--- The problems of one file together, in the order of their lines; those without a file first.
---@param list cli.check.problem[]
---@return cli.check.problem[] another list
function problems.sorted(list)
	local place, sorted = {}, table.move(list, 1, #list, 1, {})
	for i, problem in ipairs(list) do
		place[problem] = i
	end
	table.sort(sorted, function(a, b)
		if a.file ~= b.file then
			return (a.file or "") < (b.file or "")
		elseif a.line ~= b.line then
			return (a.line or 0) < (b.line or 0)
		end
		return place[a] < place[b]
	end)
	return sorted
end

return problems
