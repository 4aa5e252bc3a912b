-- The difference of two texts, line by line.
local lines_of = require "partnerapp.destination.lines"

local diff = {}

local LINES_MOST = 2000 -- more are not compared: the work grows with the product

-- lengths[i][j]: how many lines the rests of both have in common.
local function common(a, b)
	local lengths = { [#a + 1] = setmetatable({}, {
		__index = function()
			return 0
		end,
	}) }
	for i = #a, 1, -1 do
		lengths[i] = { [#b + 1] = 0 }
		for j = #b, 1, -1 do
			if a[i] == b[j] then
				lengths[i][j] = lengths[i + 1][j + 1] + 1
			else
				lengths[i][j] = math.max(lengths[i + 1][j], lengths[i][j + 1])
			end
		end
	end
	return lengths
end

--- The lines of both texts: "  same", "- only in the first", "+ only in the second".
---@param first string
---@param second string
---@return {mark: " "|"-"|"+", text: string}[]
function diff.lines(first, second)
	local a, b, list = lines_of(first), lines_of(second), {}
	local function add(mark, text)
		list[#list + 1] = { mark = mark, text = text }
	end
	if #a > LINES_MOST or #b > LINES_MOST then
		add("-", first)
		add("+", second)
		return list
	end
	local lengths, i, j = common(a, b), 1, 1
	while i <= #a or j <= #b do
		if i <= #a and j <= #b and a[i] == b[j] then
			add(" ", a[i])
			i, j = i + 1, j + 1
		elseif j > #b or (i <= #a and lengths[i + 1][j] >= lengths[i][j + 1]) then
			add("-", a[i])
			i = i + 1
		else
			add("+", b[j])
			j = j + 1
		end
	end
	return list
end

--- The same as text, each line with its mark.
---@param first string
---@param second string
---@return string
function diff.text(first, second)
	local lines = {}
	for i, line in ipairs(diff.lines(first, second)) do
		lines[i] = line.mark .. " " .. line.text
	end
	return table.concat(lines, "\n")
end

return diff
