-- The rules of the house: rooms, floors, names, what the pages list. Each rule is first shown to fail on a small tree
-- that breaks it, then applied to the repository. Run from the top folder with lua5.4; prints TAP.
package.path = "tests/?.lua;" .. package.path
local tree = require "house.tree"

local SETS = { "c_rules", "lua_rules", "page_rules" }

local cases, failed = 0, 0

local function case(name, problems)
	cases = cases + 1
	print((#problems == 0 and "ok %d - %s" or "not ok %d - %s"):format(cases, name))
	for _, problem in ipairs(problems) do
		print("  # " .. problem)
	end
	failed = failed + (#problems > 0 and 1 or 0)
end

local repository = tree.repository()
for _, set in ipairs(SETS) do
	local loaded = require("house." .. set)
	local names = {}
	for name in pairs(loaded.rules) do
		names[#names + 1] = name
	end
	table.sort(names)
	for _, name in ipairs(names) do
		local rule, broken = loaded.rules[name], loaded.broken[name]
		local found = broken and #rule(tree.of(broken)) or 0
		case(("%s: %s fails on a tree that breaks it"):format(set, name), found == 0 and { "it does not" } or {})
		case(("%s: %s"):format(set, name), rule(repository))
	end
end

print(("%d passed, %d failed"):format(cases - failed, failed))
os.exit(failed == 0 and 0 or 1)
