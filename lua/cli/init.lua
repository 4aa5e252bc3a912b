-- The command line: arguments in, a plan out. What a plan may hold is in src/command.h; main runs it.
local files = require "native.files"
local options = require "cli.options"
local sys = require "native.sys"

local COMMANDS = { "demo", "serve", "sandbox", "check", "routes", "installs", "run", "keys", "setup", "test", "config" }

local HELP = [[
partnerapp: a Segment partner app ("Enable with Segment") whose flow is Lua scripts.

Usage: partnerapp COMMAND [options]

%s
partnerapp COMMAND --help shows a command's options and examples.
partnerapp --version prints the version.
]]

local cli = {}

local function overview()
	local lines = {}
	for _, name in ipairs(COMMANDS) do
		lines[#lines + 1] = ("  %-10s %s\n"):format(name, require("cli." .. name).summary)
	end
	return HELP:format(table.concat(lines))
end

local function wrong_usage(message)
	files.err("partnerapp: " .. message .. "\n")
	return { exit_code = 2 }
end

local function find(names, folder, word)
	for _, known in ipairs(names) do
		if word == known then
			return require(folder .. "." .. word)
		end
	end
end

--- What to do for these arguments (without the program's name).
---@param arguments string[]
---@return table plan
function cli.plan(arguments)
	local name = arguments[1]
	if name == "--help" or name == "-h" or name == "help" then
		files.out(overview())
		return { exit_code = 0 }
	end
	if name == "--version" then
		files.out("partnerapp " .. sys.version .. "\n")
		return { exit_code = 0 }
	end
	if not name then
		files.err(overview())
		return { exit_code = 2 }
	end
	local command, first = find(COMMANDS, "cli", name), 2
	if not command then
		return wrong_usage(("there is no command '%s': see partnerapp --help"):format(name))
	end
	local own = find(command.commands or {}, "cli." .. name, arguments[2])
	if own then
		command, name, first = own, name .. " " .. arguments[2], 3
	end
	local given, message = options.parse(command, arguments, first)
	if not given then
		return wrong_usage(("%s: %s: see partnerapp %s --help"):format(name, message, name))
	end
	if given.help then
		files.out(options.help(name, command))
		return { exit_code = 0 }
	end
	return command.plan(given)
end

return cli
