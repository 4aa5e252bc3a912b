-- The plans that commands return and C carries out: struct pa_plan in src/run/command.h. A plan with only an exit_code
-- ends the process at once.
local files = require "native.files"
local memory = require "cli.settings.memory"

local plans = {}

-- The form of log lines for a person: with colors on a terminal, unless NO_COLOR (no-color.org) or TERM says no.
local function text_form()
	local refused = (files.env "NO_COLOR" or "") ~= "" or files.env "TERM" == "dumb"
	return files.is_terminal "err" and not refused and "color" or "text"
end

--- Servers that run until a signal.
---@param found cli.found
---@param servers table[] see servers.lua
---@param ready string printed once all servers listen; {port:NAME} is replaced by a server's port
---@return table plan
function plans.servers(found, servers, ready)
	return {
		servers = servers,
		memory_max = memory.bytes(found.value.SCRIPT_MEMORY),
		settings_file = found.location.env,
		ready = ready,
		log_level = found.value.LOG_LEVEL,
		log_form = files.is_terminal "err" and text_form() or "json",
		log_requests = files.is_terminal "err" and found.development ~= false,
	}
end

---@class cli.task_options
---@field arguments string[]? for run()
---@field log_level string? "warn" by default
---@field long_running boolean? it may take 10 minutes of CPU time instead of 5 seconds
---@field watch boolean? run() is called again when the app's scripts change
---@field keeps_signals boolean? SIGINT, SIGTERM and SIGHUP do not end it

--- A command's run(), in a VM with a server's scripts, settings and database. Nothing listens.
---@param name string the command's module below cli: "check", "setup.app"
---@param server table see servers.lua
---@param options cli.task_options?
---@return table plan
function plans.task(name, server, options)
	options = options or {}
	return {
		servers = { server },
		task = name,
		arguments = options.arguments or {},
		log_level = options.log_level or "warn",
		log_form = text_form(),
		long_running = options.long_running,
		watch = options.watch,
		keeps_signals = options.keeps_signals,
	}
end

return plans
