-- Runs an action of the app for an install and prints its result as JSON.
local files = require "native.files"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"

local task = {}

local function fail(message, ...)
	files.err("partnerapp: " .. message:format(...) .. "\n")
	return 1
end

local function names_of(actions)
	local names = {}
	for name in pairs(actions) do
		names[#names + 1] = tostring(name)
	end
	table.sort(names)
	return #names > 0 and table.concat(names, ", ") or "none"
end

-- key=value words as the action's table of arguments.
local function read_arguments(words)
	local arguments = {}
	for i = 3, #words do
		local key, value = words[i]:match "^([%w_.-]+)=(.*)$"
		if not key then
			return nil, words[i]
		end
		arguments[key] = value
	end
	return arguments
end

-- By our id, or by Segment's name.
local function find_install(text)
	local install, err = installs.find(text)
	if install == false then
		install, err = installs.find_by_name(text)
	end
	return install, err
end

function task.run(words)
	local app = require("partnerapp.host").app
	local action = app.actions[words[1]]
	if type(action) ~= "function" then
		return fail("the app has no action '%s'; it has: %s", words[1], names_of(app.actions))
	end
	local arguments, bad = read_arguments(words)
	if not arguments then
		return fail("'%s' must be key=value", bad)
	end
	local install, err = find_install(words[2])
	if install == nil then
		return fail("%s", err)
	elseif not install then
		return fail("there is no install '%s': see partnerapp installs", words[2])
	end
	local result, message, code = action(install, arguments)
	if result == nil and message ~= nil then
		return fail("%s failed: %s%s", words[1], message, code and " (" .. tostring(code) .. ")" or "")
	end
	local text, problem = json.encode(result == nil and json.null or result)
	if not text then
		return fail("%s was done, but what it returned is no JSON: %s", words[1], problem)
	end
	files.out(text .. "\n")
	return 0
end

return task
