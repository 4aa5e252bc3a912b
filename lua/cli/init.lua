-- The command line: reads the arguments and returns a plan for main (src/run/command.h has what a plan may hold).
local commands = require "cli.commands"
local files = require "native.files"
local help = require "cli.help"
local nearest = require "partnerapp.nearest"
local options = require "cli.options"
local sys = require "native.sys"

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

-- What may have been meant by a word that is not a command.
local function meant(word, names)
	local text = word == "-v" and ": did you mean '--version'?" or nearest(word, names, true)
	return text ~= "" and text or ": see partnerapp --help"
end

-- `partnerapp help setup app` is `partnerapp setup app --help`.
local function without_help(arguments)
	local list = table.move(arguments, 2, #arguments, 1, {})
	list[#list + 1] = "--help"
	return list
end

-- The command that the first arguments name, its name, and the number of the argument after it; or nil and a message.
local function find_command(arguments)
	local name = arguments[1]
	local command = find(commands.NAMES, "cli", name) or find(commands.HIDDEN, "cli", name)
	if not command then
		local known = table.move(commands.NAMES, 1, #commands.NAMES, 4, { "help", "--help", "--version" })
		return nil, ("there is no command '%s'%s"):format(name, meant(name, known))
	end
	local own = find(command.commands or {}, "cli." .. name, arguments[2])
	if own then
		return own, name .. " " .. arguments[2], 3
	end
	local word = arguments[2]
	if not command.plan and word and word:sub(1, 1) ~= "-" then
		return nil, ("%s: there is no command '%s'%s"):format(name, word, nearest(word, command.commands))
	end
	return command, name, 2
end

--- The plan for these arguments.
---@param arguments string[] without the program's name
---@return table plan
function cli.plan(arguments)
	local name = arguments[1]
	if name == "help" and arguments[2] and arguments[2]:sub(1, 1) ~= "-" then
		arguments = without_help(arguments)
		name = arguments[1]
	end
	if name == "--help" or name == "-h" or name == "help" then
		files.out(help.overview())
		return { exit_code = 0 }
	end
	if name == "--version" then
		files.out("partnerapp " .. sys.version .. "\n")
		return { exit_code = 0 }
	end
	if not name then
		files.err(help.overview())
		return { exit_code = 2 }
	end
	local command, found, first = find_command(arguments)
	if not command then
		return wrong_usage(found)
	end
	name = found
	local given, message = options.parse(command, arguments, first)
	if not given then
		local proposes = message:find ": did you mean " or message:find ": use "
		return wrong_usage(
			("%s: %s%s"):format(name, message, proposes and "" or ": see partnerapp " .. name .. " --help")
		)
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
