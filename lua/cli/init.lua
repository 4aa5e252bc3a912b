-- The command line: reads the arguments and returns a plan for main (src/run/command.h has what a plan may hold).
local files = require "native.files"
local help = require "cli.help"
local options = require "cli.options"
local sys = require "native.sys"

local COMMANDS = {
	"demo",
	"serve",
	"sandbox",
	"check",
	"routes",
	"installs",
	"run",
	"keys",
	"setup",
	"test",
	"try",
	"manifest",
	"new",
	"config",
}

local cli = {}

local function wrong_usage(message)
	files.err("partnerapp: " .. message .. "\n")
	return { exit_code = 2 }
end

-- The module of the command `word` in `folder`; nil when the names do not have it.
local function find(names, folder, word)
	for _, known in ipairs(names) do
		if word == known then
			return require(folder .. "." .. word)
		end
	end
end

--- The plan for these arguments.
---@param arguments string[] without the program's name
---@return table plan
function cli.plan(arguments)
	local name = arguments[1]
	if name == "--help" or name == "-h" or name == "help" then
		files.out(help.overview(COMMANDS))
		return { exit_code = 0 }
	end
	if name == "--version" then
		files.out("partnerapp " .. sys.version .. "\n")
		return { exit_code = 0 }
	end
	if not name then
		files.err(help.overview(COMMANDS))
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
		files.out(help.command(name, command))
		return { exit_code = 0 }
	end
	if not command.plan then
		files.err(help.command(name, command))
		return { exit_code = 2 }
	end
	return command.plan(given)
end

return cli
