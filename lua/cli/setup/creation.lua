-- What the commands of setup share. The plan finds the settings; the task asks for what is not given, creates one
-- thing at Segment and keeps its keys in .env.
local answers = require "cli.setup.answers"
local app = require "cli.app"
local files = require "native.files"
local keep = require "cli.setup.keep"
local plans = require "cli.plans"
local servers = require "cli.servers"
local settings = require "cli.settings"
local sys = require "native.sys"
local values = require "cli.settings.values"

local creation = {}

local REPEATED = { "segment-id-url", "segment-api-url", "public-url" }

-- The flags that the next command needs too, as text for its command line.
local function flags_again(given)
	local flags = {}
	for _, flag in ipairs(REPEATED) do
		local value = given.settings[settings.by_flag(flag).name]
		flags[#flags + 1] = value and (" --%s %s"):format(flag, value)
	end
	return table.concat(flags)
end

--- The plan of a command of setup. The task has the app's scripts and an empty database in memory; its settings also
--- have "flag.NAME" for each flag given, "again", the flags that the next command needs too, and "env_file".
---@param name string the command's module below cli: "setup.app"
---@param given table see options.parse
---@return table plan
function creation.plan(name, given)
	local found = app.find(given.settings, given[1])
	if values.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app_in_memory(found)
	for setting, value in pairs(settings.told("setup", found.value)) do
		server.settings[setting] = value
	end
	for flag, value in pairs(given.flags) do
		server.settings["flag." .. flag] = value == true and "1" or value
	end
	server.settings.again = flags_again(given)
	server.settings.env_file = found.location.env
	return plans.task(name, server, { keeps_signals = true })
end

local CORRECT = "Correct that and run it again."
local UNKNOWN = "Perhaps it was created all the same: look at your workspace at Segment before you run it again."
local UNREACHABLE = "Check your network and SEGMENT_API_URL (%s)."

-- What to do about an error of the Config API, by its code.
local ADVICE = {
	invalid_argument = CORRECT,
	rate_limited = "Run it again in a minute.",
	timeout = UNKNOWN,
	bad_response = UNKNOWN,
	upstream = UNKNOWN,
	http = UNKNOWN,
	too_large = UNKNOWN,
}

local function report_failure(order, message, code)
	local advice = order.advice[code] or ADVICE[code] or UNREACHABLE:format(sys.settings().SEGMENT_API_URL)
	files.err(("partnerapp: no %s was created: %s\n%s\n"):format(order.what, message:gsub("%c", " "), advice))
end

local function setting_names(keys)
	local names = {}
	for i, key in ipairs(keys) do
		names[i] = key.setting
	end
	return names
end

-- Segment's answer with usable keys in it; or nil, message, code.
local function create(order, answered)
	local made, message, code = order.create(answered)
	if not made then
		return nil, message, code
	end
	for _, key in ipairs(order.keys) do
		local value = made[key.field]
		if type(value) ~= "string" or not value:find "^%g+$" then
			return nil, ("Segment's answer has no %s in it"):format(key.field), "bad_response"
		end
	end
	return made
end

local function save(order, made, name)
	local kept = {}
	for i, key in ipairs(order.keys) do
		kept[i] = { key.setting, made[key.field] }
	end
	return keep.save(kept, name, sys.settings().env_file)
end

---@class cli.setup.order what is to be created
---@field what string for messages: "access token"
---@field keys {setting: string, field: string}[] the fields of Segment's answer that .env keeps, and under which name
---@field fields table[] what has to be known: see answers.lua
---@field create fun(answered: table): table?, string?, string? calls Segment
---@field advice table<string, string> what to do about an error, by its code
---@field done fun(name: string, answered: table, made: table): string the text to print when .env has the keys

--- Creates it. Nothing is created unless every value is known and .env can be written.
---@param order cli.setup.order
---@return integer exit_code
function creation.run(order)
	local fields = order.fields
	local path = sys.settings().env_file
	local guard = keep.guard(setting_names(order.keys), path, sys.settings()["flag.replace"])
	if guard then
		table.insert(fields, 1, guard)
	end
	if answers.report(fields) then
		return 2
	elseif not keep.can_write(path) then
		return 1
	end
	local answered, exit_code = answers.collect(fields)
	if not answered then
		return exit_code
	end
	local made, message, code = create(order, answered)
	if not made then
		report_failure(order, message, code)
		return 1
	end
	local segment = require "partnerapp.segment"
	local name = segment.is_name(made.name) and made.name or "the " .. order.what
	if not save(order, made, name) then
		return 1
	end
	files.out(order.done(name, answered, made))
	return 0
end

return creation
