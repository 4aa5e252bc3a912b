-- Finds all problems of an app's scripts and views before any of them runs.
local destinations = require "partnerapp.destination.files"
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

-- The file that was saved last comes first: that is what the person works on.
local function by_save(one, other)
	if one.saved ~= other.saved then
		return one.saved > other.saved
	end
	return one.name < other.name
end

--- Compiles the scripts and views of the app.
---@param with_tests boolean also those below tests/, which only `partnerapp test` loads
---@return string[] problems each with file and line; the newest save's first
function check.syntax(with_tests)
	local found, problems = {}, {}
	for _, name in ipairs(scripts.list "app") do
		local problem = (with_tests or not name:find "^tests/") and problem_of(name)
		if problem then
			found[#found + 1] = { name = name, problem = problem, saved = select(3, scripts.read("app", name)) }
		end
	end
	table.sort(found, by_save)
	for i, one in ipairs(found) do
		problems[i] = one.problem
	end
	return problems
end

--- Loads the app's destinations. A file of destinations/ that returns something else is the app's own.
---@return string[] problems of a destination each, on lines that begin with file and line
function check.destinations()
	local problems = {}
	for _, name in ipairs(destinations.names()) do
		local destination, message, code = destinations.load(name)
		if not destination and code == "bad_definition" then
			problems[#problems + 1] = message
		end
	end
	return problems
end

return check
