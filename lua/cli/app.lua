-- The app that a command is about: its folder, and the settings found for it.
local files = require "native.files"
local values = require "cli.settings.values"

local app = {}

--- The folder of the app: as given, else ./lua/app, else the installed one.
---@param given string?
---@return string? folder, string? message
function app.folder(given)
	local folder = given or "lua/app"
	local found = files.real(folder)
	if found and files.stat(found .. "/init.lua") then
		return found
	end
	if given then
		return nil, ("%s is not an app: it has no init.lua"):format(given)
	end
	return files.library() .. "/app"
end

--- Finds every setting for an app. A given folder that is not an app is one of the problems.
---@param flags table<string, string> by setting name
---@param given string? the folder
---@return cli.found found, string folder
function app.find(flags, given)
	local folder, message = app.folder(given)
	local found = values.find(flags, folder)
	found.problems[#found.problems + 1] = message
	return found, folder or given
end

return app
