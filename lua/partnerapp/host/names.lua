-- Names in an app's scripts and views that are not there: found by reading, for what has them may not have run. What
-- does not compile is left out.
local lua_tokens = require "partnerapp.host.lua_tokens"
local script_names = require "partnerapp.host.script_names"
local scripts = require "native.scripts"
local undeclared = require "partnerapp.host.undeclared"
local view_names = require "partnerapp.host.view_names"

local names = {}

--- The problems of all scripts and views.
---@param settings table<string, any>? the app's own settings, when they are known
---@return string[] problems each with file and line
function names.problems(settings)
	local problems = {}
	for _, file in ipairs(scripts.list "app") do
		local source = scripts.read("app", file) or ""
		if file:find "%.lua$" and scripts.compile(source, "@" .. file, {}) then
			local tokens = lua_tokens.of(source)
			undeclared.add_problems(problems, file, tokens)
			script_names.add_problems(problems, file, tokens, settings)
		elseif file:find "^views/.+%.html$" then
			view_names.add_problems(problems, file, source)
		end
	end
	return problems
end

return names
