-- describe, it and before_each, as those who know busted write tests. Each `it` is a case.
local blocks = {}

-- The blocks that are being defined: { name, before }.
local open = {}

--- Groups the cases that `fn` defines: their names begin with that of the block.
---@param name string
---@param fn fun()
function blocks.describe(name, fn)
	open[#open + 1] = { name = name, before = {} }
	local fine, message = pcall(fn)
	open[#open] = nil
	if not fine then
		error(message, 0)
	end
end

--- Runs before each case of the block, and of the blocks inside it.
---@param fn fun(t: partnerapp.testing.checks)
function blocks.before_each(fn)
	local block = open[#open]
	if not block then
		error("before_each belongs into a describe", 2)
	end
	block.before[#block.before + 1] = fn
end

--- The name and function of a case inside the blocks that are open now.
---@param name string
---@param fn fun(t: partnerapp.testing.checks)
---@return string name, fun(t: partnerapp.testing.checks) run
function blocks.case(name, fn)
	local names, before = {}, {}
	for i, block in ipairs(open) do
		names[i] = block.name
		table.move(block.before, 1, #block.before, #before + 1, before)
	end
	names[#names + 1] = name
	return table.concat(names, " "), function(t)
		for _, one in ipairs(before) do
			one(t)
		end
		fn(t)
	end
end

return blocks
