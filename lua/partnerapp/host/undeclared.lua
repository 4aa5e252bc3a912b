-- Global variables that a script uses without a declaration: reading one raises when its line runs, and so does giving
-- any global a value.
local free_names = require "partnerapp.host.free_names"
local scripts = require "native.scripts"

local undeclared = {}

local MANY = 5 -- lines that a message lists

-- The other lines of a name, for the end of a message.
local function also(lines)
	if #lines < 2 then
		return ""
	end
	local shown = table.concat(lines, ", ", 2, math.min(#lines, MANY + 1))
	return (" (also in %s %s%s)"):format(#lines > 2 and "lines" or "line", shown, #lines > MANY + 1 and ", …" or "")
end

local function message(use, is_known)
	if not use.is_set then
		return ("undeclared variable '%s'%s"):format(use.name, require "partnerapp.hints.globals"(use.name))
	elseif is_known then
		return ("cannot set '%s': it is Lua's or the library's; use another name, with `local`"):format(use.name)
	end
	return ("cannot set '%s': a variable needs `local` where it begins"):format(use.name)
end

-- The uses that would raise, as one for each name: the first, with the lines of all.
local function wrong_uses(tokens, known)
	local list, by_name = {}, {}
	for _, use in ipairs(free_names.of(tokens)) do
		if use.is_set or not known[use.name] then
			local first = by_name[use.name]
			if not first then
				first = { name = use.name, line = use.line, is_set = use.is_set, lines = {} }
				by_name[use.name], list[#list + 1] = first, first
			end
			first.is_set = first.is_set or use.is_set
			if first.lines[#first.lines] ~= use.line then
				table.insert(first.lines, use.line)
			end
		end
	end
	return list
end

--- Adds a problem for each name that one script, which compiles, uses so.
---@param problems string[] lines
---@param file string "init.lua"
---@param tokens partnerapp.host.token[]
function undeclared.add_problems(problems, file, tokens)
	local known = {}
	for name in pairs(scripts.globals()) do
		known[name] = true
	end
	for _, use in ipairs(wrong_uses(tokens, known)) do
		table.sort(use.lines)
		problems[#problems + 1] = ("%s:%d: %s%s"):format(
			file,
			use.lines[1],
			message(use, known[use.name]),
			also(use.lines)
		)
	end
end

return undeclared
