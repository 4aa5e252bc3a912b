-- partnerapp run: one of the app's actions for one install, its result as JSON. Works beside a running server.
local database = require "cli.database"
local files = require "native.files"
local json = require "partnerapp.json"
local plans = require "cli.plans"
local servers = require "cli.servers"

local command = {
	summary = "Run one of the app's actions for an install and print what it returns",
	usage = "ACTION INSTALL [key=value …] [options]",
	arguments = { most = 100 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app's folder; as in `serve` without APP" },
		demo = { help = "for an install of the demo: Segment is the sandbox, which has to be running" },
	},
	examples = [[
partnerapp run enable installs/7
partnerapp run enable installs/7 --demo
partnerapp run set_plan p8UJ4nbGg2Vd plan=pro --app ./my-app]],
}

function command.plan(given)
	if #given < 2 then
		files.err "partnerapp: run: an action and an install are needed: see partnerapp run --help\n"
		return { exit_code = 2 }
	end
	local found, sandbox_url = database.find(given)
	if not found then
		return { exit_code = 2 }
	end
	local server = servers.app(found, false)
	server.settings.SANDBOX_URL = sandbox_url
	return plans.task("run", server, { arguments = given })
end

local function fail(message, ...)
	files.err("partnerapp: " .. message:format(...) .. "\n")
	return 1
end

local function names_of(actions)
	local names = {}
	for name in pairs(actions) do
		names[#names + 1] = tostring(name)
	end
	table.sort(names)
	return #names > 0 and table.concat(names, ", ") or "none"
end

-- key=value words as the action's table of arguments; nil and the first word that has another form.
local function read_arguments(words)
	local arguments = {}
	for i = 3, #words do
		local key, value = words[i]:match "^([%w_.-]+)=(.*)$"
		if not key then
			return nil, words[i]
		end
		arguments[key] = value
	end
	return arguments
end

-- By our id, or by Segment's name.
local function find_install(text)
	local installs = require "partnerapp.installs"
	local install, err = installs.find(text)
	if install == false then
		install, err = installs.find_by_name(text)
	end
	return install, err
end

-- The frames of the app's scripts in a traceback, each on a line.
local function frames_of(traceback)
	local lines = {}
	for frame in (traceback or ""):gmatch "\n\t([^\n]+)" do
		local is_of_app = frame:find "^[^:%[]+:%d+: in " and not frame:find "^partnerapp/" and not frame:find "^cli/"
		lines[#lines + 1] = is_of_app and "\n    " .. frame or nil
	end
	return table.concat(lines)
end

function command.run(words)
	local failed = require("cli.schema").prepare()
	failed = failed ~= 0 and failed or require("cli.required").run()
	if failed ~= 0 then
		return failed
	end
	local actions = require("partnerapp.host").app.actions
	local action = actions[words[1]]
	if type(action) ~= "function" then
		return fail("the app has no action '%s'; it has: %s", words[1], names_of(actions))
	end
	local arguments, bad = read_arguments(words)
	if not arguments then
		return fail("'%s' must be key=value", bad)
	end
	local install, err = find_install(words[2])
	if install == nil then
		return fail("%s", err)
	elseif not install then
		return fail("there is no install '%s': see partnerapp installs", words[2])
	end
	local raised = require "partnerapp.web.raised"
	local ok, result, message, code = raised.call(action, install, arguments)
	if not ok then
		return fail("%s raised: %s%s", words[1], raised.text(result, message), frames_of(message))
	elseif result == nil and message ~= nil then
		local text = raised.shown(message)
		return fail("%s failed: %s%s", words[1], text, code and " (" .. tostring(code) .. ")" or "")
	end
	local text, problem = json.encode(result == nil and json.null or result)
	if not text then
		return fail("%s was done, but its result cannot be printed as JSON: %s", words[1], problem)
	end
	files.out(text .. "\n")
	return 0
end

return command
