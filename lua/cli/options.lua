-- Flags and arguments of a command. A command is a table:
--   summary, usage, examples (texts), plan (function), arguments = { most = N },
--   flags = { name = { value = "WHAT" or nil for a switch, help = … } },
--   settings = true when every setting that is no secret is a flag too,
--   commands = { "name", … } when it has commands of its own, in a folder of its name.
local settings = require "cli.settings"

local options = {}

local function flag_of(command, name)
	local flag = command.flags and command.flags[name]
	if flag then
		return flag, name
	end
	local setting = command.settings and settings.by_flag(name)
	if setting and not setting.secret then
		return { value = "VALUE" }, setting.name
	end
	if setting then
		return nil,
			nil,
			("--%s would show a secret to everyone on this machine: set %s or %s_FILE in the environment or .env"):format(
				name,
				setting.name,
				setting.name
			)
	end
end

--- Reads the arguments from `first` on.
---@param command table
---@param arguments string[]
---@param first integer
---@return table? given `flags`, `settings`, positional values in the list part, `help`
---@return string? message
function options.parse(command, arguments, first)
	local given = { flags = {}, settings = {} }
	local i = first
	while i <= #arguments do
		local argument = arguments[i]
		local name, value = argument:match("^%-%-([%w-]+)=(.*)$")
		name = name or argument:match("^%-%-([%w-]+)$")
		if argument == "--help" or argument == "-h" then
			given.help = true
		elseif name then
			local flag, key, refusal = flag_of(command, name)
			if not flag then
				return nil, refusal or ("unknown option '--%s'"):format(name)
			end
			if flag.value and not value then
				i = i + 1
				value = arguments[i]
				if not value then
					return nil, ("--%s needs a value"):format(name)
				end
			elseif not flag.value and value then
				return nil, ("--%s takes no value"):format(name)
			end
			local into = command.flags and command.flags[name] and given.flags or given.settings
			into[key] = value or true
		elseif argument:sub(1, 1) == "-" and argument ~= "-" then
			return nil, ("unknown option '%s'"):format(argument)
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
