-- The warnings of luacheck, another program, when that is installed. What `check` finds itself is not asked for:
-- variables that are not declared, and syntax. Neither are matters of taste: the length of lines, white space.
local files = require "native.files"
local program = require "native.program"
local scripts = require "native.scripts"

local luacheck = {}

-- The app's own .luacheckrc is Lua that luacheck runs, outside of the fence for scripts: it is not read.
local OPTIONS = {
	"--no-config",
	"--no-cache",
	"--no-color",
	"--std=lua54",
	"--no-global",
	"--no-self",
	"--no-unused-args",
	"--no-max-line-length",
	"--formatter=plain",
	"--codes",
	"--ignore=6..",
	"--",
}

local SECONDS = 30

-- "./init.lua:3:7: (W211) unused variable 'x'" as a warning of check; nil for errors and other lines.
local function warning(line)
	local file, number, code, message = line:match "^%./([^:]+):(%d+):%d+: %(W(%d+)%) (.*)$"
	return file and ("%s:%s: %s (luacheck %s)"):format(file, number, message, code)
end

--- Runs luacheck on the app's scripts, unless the app has a .luacheckrc: its warnings would be others than those of
--- `luacheck .` there.
---@param folder string of the app
---@return string[]? warnings nil when luacheck is not installed, fails or is the app's own matter
function luacheck.warnings(folder)
	if files.stat(folder .. "/.luacheckrc") then
		return nil
	end
	local arguments = table.move(OPTIONS, 1, #OPTIONS, 1, {})
	for _, name in ipairs(scripts.list "app") do
		arguments[#arguments + 1] = name:find "%.lua$" and "./" .. name or nil
	end
	local output, code = program.run("luacheck", arguments, folder, SECONDS)
	if not output or code > 2 then -- 1 is warnings, 2 is errors
		return nil
	end
	local warnings = {}
	for line in output:gmatch "[^\n]+" do
		warnings[#warnings + 1] = warning(line)
	end
	return warnings
end

return luacheck
