-- The texts that --help prints. Every command's module is loaded for them, so none may need a server's settings or
-- database when it is loaded.
local commands = require "cli.commands"

local help = {}

local OVERVIEW = [[
partnerapp: a Segment partner app ("Enable with Segment") whose flow is Lua scripts.

Usage: partnerapp COMMAND [options]

%s
partnerapp COMMAND --help shows a command's options and examples.
partnerapp --version prints the version.
]]

-- One line of a command's name and summary for each module in `folder`.
local function summaries(folder, names)
	local lines = {}
	for i, name in ipairs(names) do
		lines[i] = ("  %-10s %s\n"):format(name, require(folder .. "." .. name).summary)
	end
	return table.concat(lines)
end

local function flag_lines(command)
	local lines = {}
	for i, flag in ipairs(commands.flags(command)) do
		local usage = (flag.short and "-" .. flag.short .. ", " or "") .. "--" .. flag.name
		lines[i] = ("  %-24s %s\n"):format(usage .. (flag.value and " " .. flag.value or ""), flag.help)
	end
	return table.concat(lines)
end

local SETTINGS = [[
  --SETTING VALUE          any setting that is not a secret, for example --public-url;
                           `partnerapp config` lists them
]]

--- The text of `partnerapp --help`.
---@return string
function help.overview()
	return OVERVIEW:format(summaries("cli", commands.NAMES))
end

--- The text of `partnerapp NAME --help`.
---@param name string with a space when it is a command of a command: "setup app"
---@param command table see options.lua
---@return string
function help.command(name, command)
	local examples = command.examples:gsub("[^\n]+", "  %0")
	return table.concat {
		command.summary .. "\n\n",
		("Usage: partnerapp %s %s\n\n"):format(name, command.usage),
		command.commands and summaries("cli." .. name, command.commands) or "",
		flag_lines(command),
		command.settings and SETTINGS or "",
		"\nExamples:\n",
		examples .. "\n",
	}
end

return help
