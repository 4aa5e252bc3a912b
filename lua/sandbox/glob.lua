-- Glob patterns, as FQL's match() and the paths of faults have them: "*" is any number of characters, "?" is one
-- character, "[a-z]" is one of a set, "[^a-z]" is one that is not in it, "\" takes the meaning from the next character.
local glob = {}

local function characters(text)
	local list = {}
	if utf8.len(text) then
		for _, code in utf8.codes(text) do
			list[#list + 1] = utf8.char(code)
		end
	else
		for i = 1, #text do
			list[i] = text:sub(i, i)
		end
	end
	return list
end

-- The set that begins at an index: the index after its "]", and a function that says whether a character is in it.
local function set_at(pattern, at)
	local set, ranges, last = {}, {}, nil
	local negated = pattern[at] == "^"
	at = negated and at + 1 or at
	while pattern[at] and pattern[at] ~= "]" do
		if pattern[at] == "-" and last and pattern[at + 1] and pattern[at + 1] ~= "]" then
			ranges[#ranges + 1] = { last, pattern[at + 1] }
			at = at + 1
		else
			last = pattern[at] == "\\" and pattern[at + 1] or pattern[at]
			at = pattern[at] == "\\" and at + 1 or at
			set[last] = true
		end
		at = at + 1
	end
	return at + 1,
		function(character)
			for _, range in ipairs(ranges) do
				if range[1] <= character and character <= range[2] then
					return not negated
				end
			end
			return (set[character] == true) ~= negated
		end
end

-- The pattern as a list: "*" as it is, and for each other part a function that says whether a character fits.
local function steps_of(text)
	local pattern, steps, at = characters(text), {}, 1
	while pattern[at] do
		local character = pattern[at]
		at = at + 1
		if character == "*" then
			steps[#steps + 1] = "*"
		elseif character == "?" then
			steps[#steps + 1] = function()
				return true
			end
		elseif character == "[" then
			at, steps[#steps + 1] = set_at(pattern, at)
		else
			local wanted = character == "\\" and pattern[at] or character
			at = character == "\\" and at + 1 or at
			steps[#steps + 1] = function(given)
				return given == wanted
			end
		end
	end
	return steps
end

--- Whether the whole text fits a pattern. Goes back to the last "*" only, so that many stars do not take long.
---@param text string
---@param pattern string
---@return boolean
function glob.matches(text, pattern)
	local given, steps = characters(text), steps_of(pattern)
	local at, step, star, from = 1, 1, nil, nil
	while at <= #given do
		local wanted = steps[step]
		if wanted == "*" then
			star, from, step = step, at, step + 1
		elseif wanted and wanted(given[at]) then
			at, step = at + 1, step + 1
		elseif star then
			from = from + 1
			at, step = from, star + 1
		else
			return false
		end
	end
	while steps[step] == "*" do
		step = step + 1
	end
	return step > #steps
end

return glob
