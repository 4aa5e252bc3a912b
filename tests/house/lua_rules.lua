-- The rules for lua: which module may require which, circles, and what the documentation of scripts names.
local tree = require "house.tree"

local each = tree.each

-- The library from bottom to top: a module requires modules of its own floor and those below. "web/" is every module of
-- a room; a module that is named itself is where it is named.
local LIBRARY = {
	"nearest hints/ clock crypto db gzip inspect json log retry short store/ traffic/ segment.names web.address web.cors "
		.. "web.header_names web.local_path web.policy web.refusal web.files web.router",
	"config destination/ http signature web.networks web.static web.cookie web.csrf web.proxies web.view",
	"destination limits reply session segment/ segment",
	"web/",
	"oauth.authorization_server oauth.clients oauth.endings oauth.flow oauth.install_token oauth.scope "
		.. "oauth.token_answer oauth.token_error installs/ setup_help settings",
	"installs",
	"oauth/",
	"init",
	"host/ testing/ testing neighbour actions/",
}

-- The rooms of the sandbox and what each may require besides itself; "" is the top folder's own files.
local SANDBOX = {
	["deep_equal"] = "",
	["glob"] = "",
	["uuid"] = "",
	["settings"] = "",
	["assumptions"] = "",
	["schema"] = "",
	["store"] = "schema",
	["catalog/"] = "",
	["pages/"] = "assumptions store events/",
	["filtering/"] = "deep_equal glob store",
	["oauth/"] = "assumptions settings store uuid catalog/ pages/",
	["events/"] = "assumptions store uuid catalog/ filtering/",
	["api/"] = "assumptions deep_equal settings store catalog/ filtering/ oauth/",
	["control/"] = "glob settings store catalog/ events/ oauth/ api/",
	["refusals"] = "api/ oauth/ pages/ events/",
	["init"] = "*",
}

local rules = {}

-- What the text of a module requires, lazy ones too.
local function required(text)
	local names = {}
	text = text:gsub("%-%-[^\n]*", "")
	for name in text:gmatch 'require%s*%(?%s*"([%w_.-]+)"' do
		names[#names + 1] = name
	end
	for name in text:gmatch 'require,%s*"([%w_.-]+)"' do
		names[#names + 1] = name
	end
	return names
end

-- The room of lua that a file is in, and the module that it is there.
local function module_of(path)
	local room, rest = path:match "^lua/(%w+)/(.*)%.lua$"
	if not room then
		return nil
	end
	rest = rest:gsub("/init$", ""):gsub("/", ".")
	if room == "partnerapp" or room == "cli" then
		return room, rest == "init" and room or room .. "." .. rest
	elseif room == "dashboard" then
		return room, rest == "init" and "partnerapp_dashboard" or "partnerapp_dashboard." .. rest
	end
	return room, rest
end

-- The modules of one room that are no tests: name → text.
local function modules_of(from, wanted)
	local modules = {}
	for path, text in each(from, "^lua/" .. wanted .. "/.*%.lua$") do
		local _, name = module_of(path)
		if not path:find "/tests/" then
			modules[name] = text
		end
	end
	return modules
end

--- Apps, the sandbox and the dashboard require public modules of the library only; the library nothing of cli.
function rules.apps(from)
	local problems = {}
	for path, text in each(from, "^lua/.*%.lua$") do
		local room = module_of(path)
		local outside = room == "app" or room == "sandbox" or room == "dashboard" or room == "template"
		for _, name in ipairs(required(text)) do
			local private = name:find "^native%." or name:find "^partnerapp%.[%w_]+%."
			if outside and private or (outside or room == "partnerapp") and name:find "^cli%f[.%z]" then
				problems[#problems + 1] = path .. " requires " .. name
			end
		end
	end
	return problems
end

-- The rooms of lua, and what each is.
local ROOMS = {
	app = "the partner's app",
	cli = "the command line",
	dashboard = "pages over what runs",
	partnerapp = "the library",
	sandbox = "the local Segment",
	template = "what `partnerapp new app` copies",
	types = "annotations for editors",
}

--- Every file of lua is in a room.
function rules.rooms(from)
	local problems = {}
	for path in each(from, "^lua/") do
		if not ROOMS[path:match "^lua/([%w_]+)/"] then
			problems[#problems + 1] = path .. " is in no room"
		end
	end
	return problems
end

--- No circle of requires in a room, lazy ones counted too.
function rules.circles(from)
	local problems = {}
	for room in pairs(ROOMS) do
		local graph = {}
		for name, text in pairs(modules_of(from, room)) do
			graph[name] = required(text)
		end
		problems[#problems + 1] = tree.circle(graph)
	end
	return problems
end

local function floor_of(name)
	local short = name == "partnerapp" and "init" or name:gsub("^partnerapp%.", "")
	local room = short:match "^([%w_]+)%." or short -- "host" is the init.lua of its room
	for _, wanted in ipairs { short, room .. "/" } do
		for floor, list in ipairs(LIBRARY) do
			if (" " .. list .. " "):find(" " .. wanted .. " ", 1, true) then
				return floor
			end
		end
	end
end

--- Every module of the library is on a floor and requires what is there or below.
function rules.library_floors(from)
	local problems = {}
	for name, text in pairs(modules_of(from, "partnerapp")) do
		local floor = floor_of(name)
		if not floor then
			problems[#problems + 1] = name .. " is on no floor"
		end
		for _, other in ipairs(required(text)) do
			local below = other:find "^partnerapp%f[.%z]" and floor_of(other)
			if floor and below and below > floor then
				problems[#problems + 1] = ("%s requires %s, which is above it"):format(name, other)
			end
		end
	end
	table.sort(problems)
	return problems
end

local function sandbox_room(name)
	return SANDBOX[name] and name or (name:match "^([%w_]+)" or name) .. "/"
end

--- Every module of the sandbox is in a room and requires what its room may.
function rules.sandbox_floors(from)
	local problems = {}
	local modules = modules_of(from, "sandbox")
	for name, text in pairs(modules) do
		local room = sandbox_room(name)
		local allowed = SANDBOX[room]
		if not allowed then
			problems[#problems + 1] = name .. " is in no room"
		end
		for _, other in ipairs(required(text)) do
			local there = modules[other] and sandbox_room(other)
			if allowed and allowed ~= "*" and there and there ~= room then
				if not (" " .. allowed .. " "):find(" " .. there .. " ", 1, true) then
					problems[#problems + 1] = ("%s requires %s, which is above it"):format(name, other)
				end
			end
		end
	end
	table.sort(problems)
	return problems
end

-- Each rule on a small tree that breaks it.
local broken = {
	rooms = { ["lua/helpers.lua"] = "" },
	apps = { ["lua/app/init.lua"] = 'local db = require "native.db"' },
	circles = {
		["lua/partnerapp/a.lua"] = 'require "partnerapp.b"',
		["lua/partnerapp/b.lua"] = 'local function f() return require("partnerapp.a") end',
	},
	library_floors = {
		["lua/partnerapp/json.lua"] = 'local function f() return pcall(require, "partnerapp.host.check") end',
	},
	sandbox_floors = {
		["lua/sandbox/catalog/init.lua"] = 'local consent = require "oauth.consent"',
		["lua/sandbox/oauth/consent.lua"] = "",
	},
}

return { rules = rules, broken = broken }
