-- The completion for zsh: a function for each command, with the help text of each flag.
local commands = require "cli.commands"
local kind_of = require "cli.manual.values"
local sys = require "native.sys"

local SCRIPT = [[
#compdef partnerapp
# Completion of partnerapp %s for zsh. Made by `partnerapp manual`.

_partnerapp_destinations() {
	local -a found
	found=(./destinations/*.lua(N:t:r) ./lua/app/destinations/*.lua(N:t:r))
	compadd -- ${found:#init}
}

# The flags of settings, for the commands that take them.
typeset -ga _partnerapp_settings
_partnerapp_settings=(
%s)

%s
_partnerapp "$@"
]]

-- A string in single quotes.
local function quoted(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- What zsh does to complete a value.
local function action(kind, words)
	if kind == "words" then
		return "(" .. table.concat(words, " ") .. ")"
	elseif kind == "file" then
		return "_files"
	elseif kind == "folder" then
		return "_files -/"
	elseif kind == "destination" then
		return "_partnerapp_destinations"
	end
	return "()" -- nothing; a space would keep flags from being completed there
end

local function help_text(text)
	return (text:gsub("[%[%]\\:]", "\\%0"))
end

-- The specification of a flag for _arguments; two when it is a single letter too.
local function add_flag(specs, flag)
	local kind, words = kind_of(flag.value, flag.choices)
	local value = kind and (":%s:%s"):format(help_text(flag.value), action(kind, words)) or ""
	local names = { (kind and "--%s=" or "--%s"):format(flag.name), flag.short and ("-%s"):format(flag.short) }
	for _, name in ipairs(names) do
		specs[#specs + 1] = quoted(("*%s[%s]%s"):format(name, help_text(flag.help), value))
	end
end

local function function_name(name)
	return "_partnerapp_command_" .. name:gsub("[ -]", "_")
end

-- What _arguments is told of a command's own flags and arguments.
local function specs_of(command)
	local specs = { quoted "--help[show the options and examples]" }
	for _, flag in ipairs(commands.flags(command)) do
		add_flag(specs, flag)
	end
	specs[#specs + 1] = command.settings and "$_partnerapp_settings" or nil
	for i, word in ipairs(commands.words(command)) do
		local kind, words = kind_of(word)
		specs[#specs + 1] = quoted(("%d:%s:%s"):format(i, word, action(kind, words)))
	end
	return specs
end

local function arguments(specs)
	return "\t_arguments -s \\\n\t\t" .. table.concat(specs, " \\\n\t\t")
end

-- The function `name` of a command that has commands: calls that of the command that is typed. `called` is what the
-- names of those functions begin with.
local function of_group(name, called, names, folder, specs)
	local lines = {}
	for i, word in ipairs(names) do
		local summary = word == "help" and "Show the options and examples of a command"
			or require(folder .. "." .. word).summary
		lines[i] = "\t\t" .. quoted(word .. ":" .. help_text(summary)) .. "\n"
	end
	return ([==[
%s() {
	local -a names=(
%s	)
	if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
		_describe command names
		return
	fi
	local called=%s_${words[2]//[ -]/_}
	if ((CURRENT > 2 && $+functions[$called])); then
		shift words
		((CURRENT -= 1))
		$called
		return
	fi
%s
}
]==]):format(name, table.concat(lines), called, arguments(specs))
end

local function of_command(one)
	local name, names, specs = function_name(one.name), one.command.commands, specs_of(one.command)
	if names then
		return of_group(name, name, names, "cli." .. one.name, specs)
	end
	return ("%s() {\n%s\n}\n"):format(name, arguments(specs))
end

--- The script.
---@return string
return function()
	local shared, functions = {}, {}
	for _, flag in ipairs(commands.setting_flags()) do
		add_flag(shared, flag)
	end
	for _, one in ipairs(commands.all()) do
		functions[#functions + 1] = of_command(one)
	end
	local called, help = "_partnerapp_command", { quoted "--help[list the commands]" }
	functions[#functions + 1] = of_group(called .. "_help", called, commands.NAMES, "cli", help)
	local first = table.move(commands.NAMES, 1, #commands.NAMES, 1, {})
	first[#first + 1], help[2] = "help", quoted "--version[print the version]"
	functions[#functions + 1] = of_group("_partnerapp", called, first, "cli", help)
	for i, spec in ipairs(shared) do
		shared[i] = "\t" .. spec .. "\n"
	end
	return SCRIPT:format(sys.version, table.concat(shared), table.concat(functions, "\n"))
end
