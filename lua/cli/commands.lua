-- Every command, and what each takes: for --help, the man pages and the completions of shells.
local settings = require "cli.settings"

local commands = {}

--- The commands, in the order of --help.
commands.NAMES = {
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
	"actions",
	"new",
	"config",
}

--- Commands that --help does not list, for who builds and packages the program.
commands.HIDDEN = { "manual" }

---@class cli.named_command
---@field name string with a space when it is a command of a command: "setup app"
---@field command table see options.lua

--- All commands, those of commands too, each after the one that it is of.
---@return cli.named_command[]
function commands.all()
	local list = {}
	local function add(folder, names, before)
		for _, name in ipairs(names) do
			local command = require(folder .. "." .. name)
			list[#list + 1] = { name = before .. name, command = command }
			add(folder .. "." .. name, command.commands or {}, before .. name .. " ")
		end
	end
	add("cli", commands.NAMES, "")
	return list
end

---@class cli.flag
---@field name string "public-url"
---@field short string? "e" is -e too
---@field value string? the name of its value; nil for a switch
---@field help string
---@field choices string[]? all values that it takes

local function choices_of(flag)
	if type(flag.choices) == "function" then
		return flag.choices()
	end
	return flag.choices
end

--- A command's own flags, by name.
---@param command table
---@return cli.flag[]
function commands.flags(command)
	local list = {}
	for name, flag in pairs(command.flags or {}) do
		list[#list + 1] =
			{ name = name, short = flag.short, value = flag.value, help = flag.help, choices = choices_of(flag) }
	end
	table.sort(list, function(a, b)
		return a.name < b.name
	end)
	return list
end

--- The flags of settings, which commands with `settings` take: of all that are not secrets.
---@return cli.flag[]
function commands.setting_flags()
	local list = {}
	for _, setting in ipairs(settings.all) do
		if not setting.secret then
			list[#list + 1] = {
				name = settings.flag(setting),
				value = setting.name:find "_FILE$" and "FILE" or "VALUE",
				help = setting.help,
				choices = setting.choices,
			}
		end
	end
	return list
end

--- What a command takes that is not a flag, one word for each: "APP", or "rotate" when it is that word itself.
---@param command table
---@return string[]
function commands.words(command)
	local list = {}
	for word in command.usage:match("^[^-|…]*"):gmatch "[%w=]+" do
		if word ~= "options" then
			list[#list + 1] = word
		end
	end
	return command.commands and {} or list
end

return commands
