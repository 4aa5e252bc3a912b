-- The app that a command is about: the folder of its scripts, and where its settings and its state are.
local files = require "native.files"
local state = require "cli.state"
local values = require "cli.settings.values"

local app = {}

local SHIPPED = "%s/init.lua, which comes with partnerapp (there is no ./init.lua and no ./lua/app/init.lua)"

---@class cli.location
---@field folder string of the scripts
---@field shown string how to name it to a person
---@field env string the file of settings
---@field state string the folder of databases and keys
---@field notes string[] what a person would not expect of them

-- The working directory by the name that the shell has for it, with its links, as long as that leads there.
local function working_directory()
	local real, named = files.real ".", files.env "PWD"
	return named and named:sub(1, 1) == "/" and files.real(named) == real and named or real
end

-- The path of an app's folder from the root; nil when it is not one. Links stay in it, so that a release link that is
-- swapped while a server runs leads to the new release.
local function has_app(folder)
	if not files.stat(folder .. "/init.lua") then
		return nil
	elseif folder:sub(1, 1) == "/" then
		return folder
	end
	local above, below = working_directory(), folder:gsub("^%./+", ""):gsub("(.)/+$", "%1")
	return above and (below == "." and above or above .. "/" .. below)
end

local function is_same(one, other)
	return one ~= nil and other ~= nil and files.real(one) == files.real(other)
end

-- The path of `name` in an app's own folder; the one in the working directory, with a note, when only that is there.
local function own(folder, name, notes)
	local path = folder .. "/" .. name
	if files.stat(path) or not files.stat(name) then
		return path
	end
	notes[#notes + 1] = ("%s is used, of the working directory: %s is its place now"):format(name, path)
	return name
end

-- An app elsewhere has settings and state in its own folder.
local function elsewhere(given, folder)
	local notes, path = {}, given:gsub("(.)/+$", "%1")
	local location = { folder = folder, shown = path, notes = notes }
	location.env = own(path, ".env", notes)
	location.state = own(path, state.NAME, notes)
	return location
end

local function here(folder, shown)
	return { folder = folder, shown = shown, env = ".env", state = state.NAME, notes = {} }
end

local function has_name(folder, wanted)
	for _, name in ipairs(files.list(folder) or {}) do
		if name:lower() == wanted then
			return name
		end
	end
end

-- Why a folder's init.lua cannot be an app's script; nil when it can, or when there is nothing that is meant to be one.
local function why_no_init(folder)
	local script = folder .. "/init.lua"
	local _, message, code = files.list(folder)
	if code and code ~= "not_found" then
		return "its files cannot be listed: " .. message
	end
	local found, top, real = files.stat(script), files.real(folder), files.real(script)
	local name = has_name(folder, "init.lua")
	if not found and name == "init.lua" then
		return "its init.lua is a link that leads nowhere"
	elseif not found and name then
		return ("its script is named %s, and must be named init.lua"):format(name)
	elseif not found and has_name(folder, "init.lua.txt") then
		return "its script is named init.lua.txt, and must be named init.lua"
	elseif found and found.kind ~= "file" then
		return "its init.lua is not a file" .. (found.kind == "folder" and " but a folder" or "")
	elseif found and real:sub(1, #top + 1) ~= top .. "/" then
		return ("its init.lua is a link to %s, and links that lead out of the app's folder are not followed: "):format(
			real
		) .. "copy the file, or give that folder"
	end
end

-- Why a path is not an app.
local function why_not(given)
	local stat = files.stat(given)
	if not stat and given:find "^%d+$" then
		return ("there is no folder '%s'; a port is given with --listen 127.0.0.1:%s"):format(given, given)
	elseif not stat then
		return ("there is no folder '%s': APP is the folder of an app's init.lua"):format(given)
	elseif stat.kind ~= "folder" then
		return ("%s is a file: APP is the folder of an app's init.lua"):format(given)
	end
	return ("%s is not an app: %s"):format(given, why_no_init(given) or "it has no init.lua")
end

--- Finds the app: the given folder, else the working directory, else ./lua/app, else the one that comes with the
--- program. The settings and the state of the last three are in the working directory.
---@param given string?
---@return cli.location? location, string? message
function app.locate(given)
	local standing, usual, shipped = has_app ".", has_app "lua/app", files.library() .. "/app"
	local chosen = given or standing and "." or usual and "lua/app"
	local why = chosen and has_app(chosen) and why_no_init(chosen)
	if why then
		return nil, ("%s is not an app: %s"):format(chosen, why)
	elseif not given then
		return standing and here(standing, "./init.lua")
			or usual and here(usual, "./lua/app/init.lua")
			or here(shipped, SHIPPED:format(shipped))
	end
	local folder = has_app(given)
	if not folder then
		return nil, why_not(given)
	elseif is_same(folder, standing) or is_same(folder, usual) then
		return here(folder, is_same(folder, standing) and "./init.lua" or "./lua/app/init.lua")
	elseif is_same(folder, shipped) then
		return here(folder, given)
	end
	return elsewhere(given, folder)
end

--- A line that names the app and where its settings and state are.
---@param location cli.location
---@return string
function app.line(location)
	return ("app: %s; settings: %s; state: %s/"):format(location.shown, location.env, location.state)
end

--- Prints that line on standard error, for commands whose standard output is for programs.
---@param found cli.found
function app.tell(found)
	files.err(app.line(found.location) .. "\n")
end

--- As `tell`, to a person only.
---@param found cli.found
function app.tell_person(found)
	if files.is_terminal "err" then
		app.tell(found)
	end
end

--- Finds every setting for an app. A given folder that is not an app is one of the problems.
---@param flags table<string, string> by setting name
---@param given string? the folder
---@return cli.found found with its location
function app.find(flags, given)
	local location, message = app.locate(given)
	local found = values.find(flags, location or app.locate() or here(files.library() .. "/app", "."))
	found.problems[#found.problems + 1] = message
	return found
end

return app
