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

-- The function of a command that has commands.
local function of_group(name, names, folder)
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
	if ((CURRENT == 2)); then
		[[ $PREFIX == -* ]] && compadd -- --help %s || _describe command names
		return
	fi
	shift words
	((CURRENT -= 1))
	local called=%s_${words[1]//[ -]/_}
	((! $+functions[$called])) || $called
}
]==]):format(
		name,
		table.concat(lines),
		name == "_partnerapp" and "--version" or "",
		name == "_partnerapp" and "_partnerapp_command" or name
	)
end

local function of_command(one)
	local specs = { quoted "--help[show the options and examples]" }
	for _, flag in ipairs(commands.flags(one.command)) do
		add_flag(specs, flag)
	end
	specs[#specs + 1] = one.command.settings and "$_partnerapp_settings" or nil
	for i, word in ipairs(commands.words(one.command)) do
		local kind, words = kind_of(word)
		specs[#specs + 1] = quoted(("%d:%s:%s"):format(i, word, action(kind, words)))
	end
	return ("%s() {\n\t_arguments -s \\\n\t\t%s\n}\n"):format(function_name(one.name), table.concat(specs, " \\\n\t\t"))
end

--- The script.
---@return string
return function()
	local shared, functions = {}, {}
	for _, flag in ipairs(commands.setting_flags()) do
		add_flag(shared, flag)
	end
	for _, one in ipairs(commands.all()) do
		local names = one.command.commands
		functions[#functions + 1] = names and of_group(function_name(one.name), names, "cli." .. one.name)
			or of_command(one)
	end
	functions[#functions + 1] = of_group("_partnerapp_command_help", commands.NAMES, "cli")
	local first = table.move(commands.NAMES, 1, #commands.NAMES, 1, {})
	first[#first + 1] = "help"
	functions[#functions + 1] = of_group("_partnerapp", first, "cli")
	for i, spec in ipairs(shared) do
		shared[i] = "\t" .. spec .. "\n"
	end
	return SCRIPT:format(sys.version, table.concat(shared), table.concat(functions, "\n"))
end
