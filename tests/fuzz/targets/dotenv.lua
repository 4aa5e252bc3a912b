-- TO-02: what is written into a .env reads back, and all else in it stays. The input: a name, a value and the text of
-- the file, with NUL bytes between them.
local dotenv = require "cli.dotenv"

local function read(text)
	local problems = {}
	local values = dotenv.read(".env", problems, problems, {
		read = function()
			return text
		end,
		stat = function() end,
	})
	return values, problems
end

-- The lines of a text, with how often each is there.
local function lines_of(text)
	local counts = {}
	for line in (text:gsub("\r\n?", "\n") .. "\n"):gmatch "([^\n]*)\n" do
		counts[line] = (counts[line] or 0) + 1
	end
	return counts
end

return function(data)
	local name, value, text = data:match "^([%a_][%w_]*)\0([^\0]*)\0(.*)$"
	if not name then
		return
	end
	local before, problems = read(text)
	local written = dotenv.set(text, name, value)
	if not written then
		return -- a value whose quotes would end others' that are open
	end
	local after, problems_after = read(written)
	assert(after[name] == value, written)
	for key, old in pairs(before) do
		assert(key == name or after[key] == old, key)
	end
	for key in pairs(after) do
		assert(key == name or before[key], key)
	end
	assert(#problems_after <= #problems, problems_after[1])
	-- Setting the same again changes nothing, and one line at most is another one than before.
	assert(dotenv.set(written, name, value) == written, written)
	local lines, changed = lines_of(text), 0
	for line, count in pairs(lines_of(written)) do
		if line ~= "" then
			changed = changed + math.max(0, count - (lines[line] or 0))
		end
	end
	assert(changed <= 1, written)
end
