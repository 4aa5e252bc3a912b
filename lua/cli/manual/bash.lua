-- The completion for bash: one function for the names that tables of the script have. Needs no other script.
local commands = require "cli.commands"
local kind_of = require "cli.manual.values"
local sys = require "native.sys"

local SCRIPT = [==[
# Completion of partnerapp %s for bash. Made by `partnerapp manual`.

# The words after a command: its commands, or its arguments, one kind a word.
_partnerapp_words() {
	case $1 in
%s	esac
}

# A command's flags.
_partnerapp_flags() {
	case $1 in
%s	esac
	echo --help
}

# The flags of settings.
_partnerapp_settings() {
	echo %s
}

# What the value of a flag is: a kind, then the words of the kind "words". Nothing for a switch.
_partnerapp_value() {
	case "$1 $2" in
%s	esac
	case $2 in
%s	esac
}

# The destinations of the app here.
_partnerapp_destinations() {
	local file
	for file in ./destinations/*.lua ./lua/app/destinations/*.lua; do
		file=${file##*/}
		[[ $file == '*.lua' || $file == init.lua ]] || echo "${file%%.lua}"
	done
}

_partnerapp_reply() {
	local current=$2
	set -- $1
	case ${1-} in
	words) mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$current") ;;
	destination) mapfile -t COMPREPLY < <(compgen -W "$(_partnerapp_destinations)" -- "$current") ;;
	folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
	file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
	esac
}

_partnerapp() {
	local current=${COMP_WORDS[COMP_CWORD]} command= flag= word value words kinds count=0 i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ -n $flag ]]; then
			[[ $word == = ]] || flag= # "=" is a word of its own
		elif [[ $word == -* ]]; then
			[[ -z $(_partnerapp_value "$command" "$word") ]] || flag=$word
		elif [[ " $(_partnerapp_words "$command") " == *" words:$word "* ]]; then
			[[ $command == help ]] && command=
			command=${command:+$command }$word
		elif [[ -z $command ]]; then
			command=$word # an unknown one
		else
			((count += 1))
		fi
	done
	[[ $current == = ]] && current=
	if [[ -n $flag ]]; then
		_partnerapp_reply "$(_partnerapp_value "$command" "$flag")" "$current"
	elif [[ $current == -* ]]; then
		_partnerapp_reply "words $(_partnerapp_flags "$command")" "$current"
	else
		words=$(_partnerapp_words "$command")
		if [[ $words == words:* ]]; then
			_partnerapp_reply "words ${words//words:/}" "$current"
		else
			kinds=($words)
			_partnerapp_reply "${kinds[count]-}" "$current"
		fi
	fi
}

complete -F _partnerapp partnerapp
]==]

local function case(pattern, body)
	return ("\t'%s') echo %s ;;\n"):format(pattern, body)
end

local function marked(words)
	local list = {}
	for i, word in ipairs(words) do
		list[i] = "words:" .. word
	end
	return table.concat(list, " ")
end

-- What comes after each command.
local function word_cases(all)
	local first = table.move(commands.NAMES, 1, #commands.NAMES, 1, {})
	first[#first + 1] = "help"
	local lines = { case("", marked(first)), case("help", marked(commands.NAMES)) }
	for _, one in ipairs(all) do
		local kinds = {}
		for i, word in ipairs(commands.words(one.command)) do
			local kind, words = kind_of(word)
			kinds[i] = kind == "words" and "words:" .. words[1] or kind
		end
		local after = one.command.commands and marked(one.command.commands) or table.concat(kinds, " ")
		if after ~= "" then
			lines[#lines + 1] = case(one.name, after)
		end
	end
	return table.concat(lines)
end

local function flag_cases(all)
	local lines = { case("", "--version") }
	for _, one in ipairs(all) do
		local names = {}
		for _, flag in ipairs(commands.flags(one.command)) do
			names[#names + 1] = "--" .. flag.name
			names[#names + 1] = flag.short and "-" .. flag.short
		end
		names[#names + 1] = one.command.settings and "$(_partnerapp_settings)"
		if #names > 0 then
			lines[#lines + 1] = case(one.name, table.concat(names, " "))
		end
	end
	return table.concat(lines)
end

local function setting_names()
	local names = {}
	for i, flag in ipairs(commands.setting_flags()) do
		names[i] = "--" .. flag.name
	end
	return table.concat(names, " ")
end

-- Adds the case of a flag that has a value; `before` is its command with a space.
local function add_value(lines, before, flag)
	local kind, words = kind_of(flag.value, flag.choices)
	if kind then
		local body = words and kind .. " " .. table.concat(words, " ") or kind
		lines[#lines + 1] = case(before .. "--" .. flag.name, body)
		lines[#lines + 1] = flag.short and case(before .. "-" .. flag.short, body)
	end
end

local function value_cases(all)
	local own, shared = {}, {}
	for _, one in ipairs(all) do
		for _, flag in ipairs(commands.flags(one.command)) do
			add_value(own, one.name .. " ", flag)
		end
	end
	for _, flag in ipairs(commands.setting_flags()) do
		add_value(shared, "", flag)
	end
	return table.concat(own), table.concat(shared)
end

--- The script.
---@return string
return function()
	local all = commands.all()
	return SCRIPT:format(sys.version, word_cases(all), flag_cases(all), setting_names(), value_cases(all))
end
