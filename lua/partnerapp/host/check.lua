-- Finds all problems of an app's scripts and views before any of them runs.
local destinations = require "partnerapp.destination.files"
local script_names = require "partnerapp.host.script_names"
local scripts = require "native.scripts"
local view = require "partnerapp.web.view"

local check = {}

local function problem_of(name)
	if name:find "%.lua$" then
		local source = scripts.read("app", name)
		local _, message = scripts.compile(source, "@" .. name, scripts.globals())
		return message and message .. require "partnerapp.hints.syntax"(message, source)
	end
	if name:find "^views/.+%.html$" then
		return view.problem(scripts.read("app", name), name)
	end
end

-- A file of destinations/ that returns something else is the app's own.
local function add_destinations(problems)
	for _, name in ipairs(destinations.names()) do
		local destination, message, code = destinations.load(name)
		if not destination and code == "bad_definition" then
			problems[#problems + 1] = message
		end
	end
end

--- Compiles every script and view of the app, and loads its destinations.
---@return string[] problems each with file and line
function check.problems()
	local problems = {}
	for _, name in ipairs(scripts.list "app") do
		problems[#problems + 1] = problem_of(name)
	end
	if #problems == 0 then
		add_destinations(problems)
	end
	return problems
end

--- The names in the app's scripts that the library or the app does not have: found by reading, as no route has run.
---@return string[] problems each with file and line
function check.names()
	local problems = {}
	for _, name in ipairs(scripts.list "app") do
		if name:find "%.lua$" then
			script_names.add_problems(problems, name, scripts.read("app", name))
		end
	end
	return problems
end

return check
