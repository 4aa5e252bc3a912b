-- Man pages: partnerapp(1), and one for each command, as git has them. The format is man(7).
local commands = require "cli.commands"
local settings = require "cli.settings"
local sys = require "native.sys"

local ABOUT = [[
partnerapp runs a Segment partner app ("Enable with Segment"), whose whole flow is Lua scripts: a customer consents
with OAuth, the app gets an install token, keeps it fresh, and configures its own destination on the customer's source.
A local Segment, the sandbox, comes with it: "partnerapp demo" needs no account.]]

local ABOUT_SETTINGS = [[
A setting is a flag (--public-url for PUBLIC_URL; not for secrets), else in the environment, else in .env, else the
default. Secrets and CLIENT_ID may also be in a file that NAME_FILE names.]]

local ABOUT_FILES = {
	{
		"init.lua",
		"the app, in the folder that one stands in, or in ./lua/app; else the app that comes with the program",
	},
	{ ".env", "settings, one NAME=value a line; of the working directory, or of the folder of an app elsewhere" },
	{ ".partnerapp/", "the database, and the key that seals tokens; beside .env" },
}

local EXIT = {
	{ "0", "fine" },
	{ "1", "the work failed" },
	{ "2", "wrong usage or configuration" },
}

-- Text for man(7): backslashes and hyphens are written out, characters beyond ASCII by their number, and a line cannot
-- begin with a control character.
local function escape(text)
	text = text:gsub("[\\-]", { ["\\"] = "\\e", ["-"] = "\\-" })
	text = text:gsub(utf8.charpattern, function(character)
		return #character > 1 and ("\\[u%04X]"):format(utf8.codepoint(character)) or nil
	end)
	return ("\n" .. text):gsub("\n([.'])", "\n\\&%1"):sub(2)
end

local Page = {}
Page.__index = Page

function Page:line(text)
	self[#self + 1] = text
end

function Page:section(title)
	self:line(".SH " .. escape(title))
end

-- A tagged paragraph: `tag` in bold, `more` after it in italics.
function Page:item(tag, more, text)
	self:line ".TP"
	self:line((more and '.BI "%s" " %s"' or '.B "%s"'):format(escape(tag), more and escape(more)))
	self:line(escape(text))
end

function Page:items(list)
	for _, item in ipairs(list) do
		self:item(item[1], nil, item[2])
	end
end

function Page:flags(list)
	for _, flag in ipairs(list) do
		self:item((flag.short and "-" .. flag.short .. ", " or "") .. "--" .. flag.name, flag.value, flag.help)
	end
end

function Page:see(names)
	self:section "SEE ALSO"
	for i, name in ipairs(names) do
		self:line((".BR %s (1)%s"):format(escape(name), i < #names and "," or ""))
	end
end

local function page_name(name)
	return "partnerapp-" .. name:gsub(" ", "-")
end

local function new_page(name, summary)
	local page = setmetatable({}, Page)
	page:line '.\\" Made by `partnerapp manual`.'
	page:line(('.TH "%s" 1 "" "partnerapp %s" "partnerapp"'):format(escape(name:upper()), escape(sys.version)))
	page:section "NAME"
	page:line(escape(name) .. " \\- " .. escape(summary))
	return page
end

local function default_of(setting)
	if type(setting.default) == "string" and setting.default ~= "" then
		return (" (default: %s)"):format(setting.default)
	end
	return ""
end

local function overview(all)
	local page = new_page("partnerapp", "a Segment partner app whose flow is Lua scripts")
	page:section "SYNOPSIS"
	page:line ".B partnerapp"
	page:line(escape "COMMAND [options]")
	page:section "DESCRIPTION"
	page:line(escape(ABOUT))
	page:section "COMMANDS"
	for _, one in ipairs(all) do
		page:line ".TP"
		page:line((".BR %s (1)"):format(escape(page_name(one.name))))
		page:line(escape(one.command.summary))
	end
	page:section "OPTIONS"
	page:item("--help", nil, "lists the commands; after a command it shows the command's options and examples")
	page:item("--version", nil, "prints the version")
	page:section "SETTINGS"
	page:line(escape(ABOUT_SETTINGS))
	for _, setting in ipairs(settings.all) do
		local flag = setting.secret and "" or ", --" .. settings.flag(setting)
		page:item(setting.name .. flag, nil, setting.help .. default_of(setting))
	end
	page:section "FILES"
	page:items(ABOUT_FILES)
	page:section "EXIT STATUS"
	page:items(EXIT)
	local names = {}
	for i, one in ipairs(all) do
		names[i] = page_name(one.name)
	end
	page:see(names)
	return page
end

local function of_command(one)
	local command = one.command
	local page = new_page(page_name(one.name), command.summary)
	page:section "SYNOPSIS"
	page:line((".B partnerapp %s"):format(escape(one.name)))
	page:line(escape(command.usage))
	local flags = commands.flags(command)
	if command.commands then
		page:section "COMMANDS"
		for _, name in ipairs(command.commands) do
			page:line ".TP"
			page:line((".BR %s (1)"):format(escape(page_name(one.name .. " " .. name))))
			page:line(escape(require("cli." .. one.name .. "." .. name).summary))
		end
	end
	page:section "OPTIONS"
	page:flags(flags)
	if command.settings then
		page:item("--SETTING", "VALUE", "any setting that is not a secret: partnerapp(1) lists them, with their flags")
	end
	page:item("--help", nil, "shows the options and examples")
	page:section "EXAMPLES"
	page:line ".nf"
	page:line(escape(command.examples))
	page:line ".fi"
	page:section "EXIT STATUS"
	page:items(EXIT)
	page:see { "partnerapp" }
	return page
end

--- The pages: name → text.
---@return table<string, string>
return function()
	local all = commands.all()
	local pages = { partnerapp = table.concat(overview(all), "\n") .. "\n" }
	for _, one in ipairs(all) do
		pages[page_name(one.name)] = table.concat(of_command(one), "\n") .. "\n"
	end
	return pages
end
