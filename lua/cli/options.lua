-- Reads the arguments of a command. A command is a table:
--   summary, usage, examples: texts for its help; examples has one example a line
--   arguments = { most = N }: how many arguments it takes that are not flags; none by default
--   flags = { name = { value = "WHAT", help = … } }: its own; a switch has no `value`; short = "n" is -n too,
--     list = true may be given several times, and choices are all values that it takes: a list, or a function that
--     returns one
--   settings = true: every setting that is not a secret is a flag too
--   commands = { "name", … }: commands of its own, which are modules in a folder of its name
--   plan(given): what is to be done; runs without a server's settings and database
--   run(arguments): the task of that plan, when it has one; returns the exit code
local nearest = require "partnerapp.nearest"
local settings = require "cli.settings"

local options = {}

local SECRET = "--%s would show a secret to everyone on this machine: set %s or %s_FILE in the environment or .env"

-- What other programs call a setting's flag, and how it is written here.
local HABITS = {
	port = "--listen 127.0.0.1:PORT",
	p = "--listen 127.0.0.1:PORT",
	host = "--listen ADDRESS:PORT",
	bind = "--listen ADDRESS:PORT",
	address = "--listen ADDRESS:PORT",
	url = "--public-url URL",
	db = "--database-url sqlite:PATH",
	database = "--database-url sqlite:PATH",
	threads = "--workers NUMBER",
	verbose = "--log-level debug",
	v = "--log-level debug",
	debug = "--log-level debug",
	quiet = "--log-level warn",
	q = "--log-level warn",
}

-- What may have been meant by an unknown flag.
local function meant(command, name)
	if command.settings and HABITS[name] then
		return ": use " .. HABITS[name]
	end
	local known = {}
	for flag in pairs(command.flags or {}) do
		known[#known + 1] = "--" .. flag
	end
	table.sort(known)
	for _, setting in ipairs(command.settings and settings.all or {}) do
		known[#known + 1] = not setting.secret and "--" .. settings.flag(setting) or nil
	end
	return nearest("--" .. name, known, true)
end

-- A flag of the command's own or of a setting, the table of `given` that its value belongs to, and its key there; or
-- nil and a message.
local function find_flag(command, given, name)
	local flag = command.flags and command.flags[name]
	if flag then
		return flag, given.flags, name
	end
	local setting = command.settings and settings.by_flag(name)
	if not setting then
		return nil, ("unknown option '--%s'%s"):format(name, meant(command, name))
	elseif setting.secret then
		return nil, SECRET:format(name, setting.name, setting.name)
	end
	return { value = "VALUE" }, given.settings, setting.name
end

-- The name of the flag that a single letter stands for.
local function long_name(command, letter)
	for name, flag in pairs(command.flags or {}) do
		if letter and flag.short == letter then
			return name
		end
	end
end

local function put(into, key, flag, value)
	if flag.list then
		into[key] = into[key] or {}
		table.insert(into[key], value)
	else
		into[key] = value or true
	end
end

---@class cli.given the arguments that are not flags, as a list, and:
---@field flags table<string, string|true> the command's own, by name; true is a switch
---@field settings table<string, string> by setting name
---@field help true? when --help is among the arguments

--- Reads the arguments from `first` on.
---@param command table
---@param arguments string[]
---@param first integer
---@return cli.given? given, string? message
function options.parse(command, arguments, first)
	local given = { flags = {}, settings = {} }
	local i = first
	while i <= #arguments do
		local argument = arguments[i]
		local name, value = argument:match "^%-%-([%w-]+)=(.*)$"
		name = name or argument:match "^%-%-([%w-]+)$" or long_name(command, argument:match "^%-(%a)$")
		if argument == "--help" or argument == "-h" then
			given.help = true
		elseif name then
			local flag, into, key = find_flag(command, given, name)
			if not flag then
				return nil, into
			elseif not flag.value and value then
				return nil, ("--%s takes no value"):format(name)
			elseif flag.value and not value then
				i = i + 1
				value = arguments[i]
				if not value then
					return nil, ("--%s needs a value"):format(name)
				end
			end
			put(into, key, flag, value)
		elseif argument:sub(1, 1) == "-" and argument ~= "-" then
			return nil, ("unknown option '%s'%s"):format(argument, meant(command, argument:sub(2)))
		else
			given[#given + 1] = argument
		end
		i = i + 1
	end
	local most = command.arguments and command.arguments.most or 0
	if #given > most then
		return nil, ("unexpected argument '%s'"):format(given[most + 1])
	end
	return given
end

return options
