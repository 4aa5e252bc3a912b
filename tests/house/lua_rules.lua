-- The rules for lua: what each room may require, circles, what the documentation names.
local tree = require "house.tree"

local each = tree.each

local rules = {}

-- What the text of a module requires, lazy ones too.
local function required(text)
	local names = {}
	for name in text:gmatch 'require%s*%(?%s*"([%w_.-]+)"' do
		names[#names + 1] = name
	end
	for name in text:gmatch 'require,%s*"([%w_.-]+)"' do
		names[#names + 1] = name
	end
	return names
end

-- The module that a file is, as its own room names it.
local function module_of(path)
	local room, rest = path:match "^lua/(%w+)/(.*)%.lua$"
	if not room then
		return nil
	end
	rest = rest:gsub("/init$", ""):gsub("/", ".")
	if room == "partnerapp" or room == "cli" then
		return room, rest == "init" and room or room .. "." .. rest
	end
	return room, rest
end

--- Apps, the sandbox and the dashboard require public modules of the library only.
function rules.apps(from)
	local problems = {}
	for path, text in each(from, "^lua/.*%.lua$") do
		local room = module_of(path)
		if room == "app" or room == "sandbox" or room == "dashboard" then
			for _, name in ipairs(required(text)) do
				if name:find "^native%." or name:find "^cli%f[.%z]" or name:find "^partnerapp%.[%w_]+%." then
					problems[#problems + 1] = path .. " requires " .. name
				end
			end
		elseif room == "partnerapp" then
			for _, name in ipairs(required(text)) do
				if name:find "^cli%f[.%z]" then
					problems[#problems + 1] = path .. " requires " .. name
				end
			end
		end
	end
	return problems
end

--- No circle of requires in a room, lazy ones counted too.
function rules.circles(from)
	local graphs = {}
	for path, text in each(from, "^lua/.*%.lua$") do
		local room, name = module_of(path)
		if room and room ~= "partnerapp" and not path:find "/tests/" then
			graphs[room] = graphs[room] or {}
			graphs[room][name] = required(text)
		end
	end
	local problems = {}
	for _, graph in pairs(graphs) do
		problems[#problems + 1] = tree.circle(graph)
	end
	return problems
end

-- Each rule on a small tree that breaks it.
local broken = {
	apps = { ["lua/app/init.lua"] = 'local db = require "native.db"' },
	circles = {
		["lua/cli/a.lua"] = 'require "cli.b"',
		["lua/cli/b.lua"] = 'local function f() return require("cli.a") end',
	},
}

return { rules = rules, broken = broken }
