-- The rules for what is written: length, unfinished work, settings and promises that the pages list.
local tree = require "house.tree"

local each = tree.each

local rules = {}

local LINES_MAX = 560

--- No file of src and lua is longer than 560 lines; tests may be.
function rules.length(from)
	local problems = {}
	for path, text in each(from, "^[sl][ru][ca]/.*%.[chl]u?a?$") do
		local _, count = text:gsub("\n", "")
		if count > LINES_MAX and not path:find "/tests/" then
			problems[#problems + 1] = ("%s has %d lines"):format(path, count)
		end
	end
	return problems
end

--- Nothing is unfinished by its own words.
function rules.finished(from)
	local problems = {}
	local words = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }
	for path, text in each(from, "^[sltd]%w+/.*%.%w+$") do
		for _, word in ipairs(words) do
			if text:find("%f[%w]" .. word .. "%f[%W]") then
				problems[#problems + 1] = path .. " says " .. word
			end
		end
	end
	return problems
end

--- Every setting is in the README and in .env.example.
function rules.settings(from)
	local problems = {}
	local settings = from.read "lua/cli/settings.lua" or ""
	for name in settings:gmatch 'name = "([%u_]+)"' do
		for _, page in ipairs { "README.md", ".env.example" } do
			if not (from.read(page) or ""):find("%f[%u_]" .. name .. "%f[^%u_]") then
				problems[#problems + 1] = page .. " does not name " .. name
			end
		end
	end
	return problems
end

-- Each rule on a small tree that breaks it.
local broken = {
	length = { ["lua/app/init.lua"] = ("\n"):rep(561) },
	finished = { ["src/main.c"] = "/* TO" .. "DO */" },
	settings = { ["lua/cli/settings.lua"] = '{ name = "COLOUR" }', ["README.md"] = "COLOURS", [".env.example"] = "" },
}

return { rules = rules, broken = broken }
