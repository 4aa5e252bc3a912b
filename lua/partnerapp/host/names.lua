-- Names in an app's scripts and views that are not there: found by reading, for what has them may not have run. What
-- does not compile is left out.
local lua_tokens = require "partnerapp.host.lua_tokens"
local request_names = require "partnerapp.host.request_names"
local script_names = require "partnerapp.host.script_names"
local scripts = require "native.scripts"
local undeclared = require "partnerapp.host.undeclared"
local view_names = require "partnerapp.host.view_names"

local names = {}

-- A token takes 40 times its bytes, in a VM of 32 MiB: larger scripts are data. All together cost CPU time.
local BYTES_MAX, BYTES_ALL = 256 << 10, 2 << 20

-- The scripts that are read: file → source; and those that are too many or too large.
local function choose()
	local chosen, left_out, bytes = {}, {}, 0
	for _, file in ipairs(scripts.list "app") do
		local source = file:find "%.lua$" and scripts.read("app", file)
		local fits = source and #source <= BYTES_MAX and bytes + #source <= BYTES_ALL
		bytes = bytes + (fits and #source or 0)
		if fits and scripts.compile(source, "@" .. file, {}) then
			chosen[#chosen + 1] = file
		elseif source and not fits then
			left_out[#left_out + 1] = file
		end
	end
	return chosen, left_out
end

--- The scripts that are not read for their names.
---@return string[] warnings
function names.left_out()
	local warnings, _, left_out = {}, choose()
	for i, file in ipairs(left_out) do
		local message = "%s:1: the names in this script are not looked at: it has more than %d KiB, or all scripts "
			.. "have more than %d"
		warnings[i] = message:format(file, BYTES_MAX >> 10, BYTES_ALL >> 10)
	end
	return warnings
end

local function sorted(set)
	local list = {}
	for name in pairs(set) do
		list[#list + 1] = name
	end
	table.sort(list)
	return list
end

--- The problems of all scripts and views.
---@param settings table<string, any>? the app's own settings, when they are known
---@return string[] problems each with file and line
---@return string[] required names of the app's modules that scripts other than tests require
function names.problems(settings)
	local problems, given, of_requests, required = {}, {}, {}, {}
	for _, file in ipairs((choose())) do
		local tokens = lua_tokens.of(scripts.read("app", file) or "")
		undeclared.add_problems(problems, file, tokens)
		script_names.add_problems(problems, file, tokens, settings)
		request_names.add(of_requests, file, tokens)
		request_names.add_given(given, tokens)
		if not file:find "^tests/" then
			script_names.add_required(required, tokens)
		end
	end
	for _, one in ipairs(of_requests) do
		problems[#problems + 1] = not given[one.name] and one.text or nil
	end
	for _, file in ipairs(scripts.list("app", "views/")) do
		if file:find "%.html$" then
			view_names.add_problems(problems, file, scripts.read("app", file) or "")
		end
	end
	return problems, sorted(required)
end

return names
