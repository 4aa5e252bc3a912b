-- Describes the servers a plan asks for (struct pa_plan_server in src/command.h) from the settings found.
local crypto = require "native.crypto"
local files = require "native.files"
local http = require "native.http"

local servers = {}

local SANDBOX_WORKERS = 128
local TOLD = {
	"CLIENT_ID",
	"CLIENT_SECRET",
	"PUBLIC_URL",
	"SEGMENT_ID_URL",
	"SEGMENT_API_URL",
	"ADMIN_PASSWORD",
	"WEBHOOK_SECRET",
	"TRUSTED_PROXIES",
}

local function host_of(url)
	return assert(http.parse_url(url)).host
end

--- The folder of the app: as given, else ./lua/app, else the installed one.
---@param given string?
---@return string? folder, string? message
function servers.app_folder(given)
	local folder = given or "lua/app"
	local found = files.real(folder)
	if found and files.stat(found .. "/init.lua") then
		return found
	end
	if given then
		return nil, ("%s is no app: it has no init.lua"):format(given)
	end
	return files.library() .. "/app"
end

--- The app's server.
---@param found table settings
---@param folder string
---@param watch boolean
---@return table
function servers.app(found, folder, watch)
	local value = found.value
	local told = {}
	for _, name in ipairs(TOLD) do
		told[name] = value[name]
	end
	for name, text in pairs(found.app) do
		told["env." .. name] = text
	end
	return {
		name = "app",
		app = folder,
		listen = value.LISTEN,
		hosts = { host_of(value.PUBLIC_URL), "localhost", "127.0.0.1", "[::1]" },
		https = value.PUBLIC_URL:match("^https:") ~= nil,
		workers = tonumber(value.WORKERS),
		calls_max = tonumber(value.WORKERS) // 4 * 3,
		watch = watch,
		database = value.DATABASE_URL,
		secret_key = value.SECRET_KEY,
		secret_key_file = found.key_file,
		http_allow = table.concat({ value.SEGMENT_ID_URL, value.SEGMENT_API_URL, value.HTTP_ALLOW }, " "),
		settings = told,
	}
end

-- For each key of a ring another one of the same name.
local function derived(keys)
	return (
		keys:gsub("(([^,:]+):%x+)", function(entry, name)
			return name .. ":" .. crypto.hex(crypto.hmac("sha256", entry, "sandbox"))
		end)
	)
end

--- The sandbox's server. It is loopback only, and may deliver events anywhere.
---@param found table settings
---@param database string
---@param keys string? of the app, for a database that is kept: its own are made from them; without, it is a new one
---@return table
function servers.sandbox(found, database, keys)
	local url = "http://" .. found.value.SANDBOX_LISTEN
	local told = { PUBLIC_URL = url, SEGMENT_ID_URL = url, SEGMENT_API_URL = url }
	for _, name in ipairs { "SANDBOX_AUTO_CONSENT", "SANDBOX_STRICT", "SANDBOX_NO_RATE_LIMIT" } do
		told[name] = found.value[name]
	end
	return {
		name = "sandbox",
		app = files.library() .. "/sandbox",
		listen = found.value.SANDBOX_LISTEN,
		hosts = { "localhost", "127.0.0.1", "[::1]" },
		workers = SANDBOX_WORKERS,
		calls_max = SANDBOX_WORKERS // 4 * 3,
		watch = false,
		database = database,
		secret_key = keys and derived(keys) or "k1:" .. crypto.hex(crypto.random(32)),
		http_allow = "*",
		body_max = 16 << 20, -- it refuses what is too large itself, in Segment's words
		spoils = true,
		settings = told,
	}
end

--- A plan that runs a task with an app's scripts. The database is in memory unless one is given.
---@param task string a module of cli/tasks
---@param server table
---@param arguments string[]
---@param level string? log level
---@return table
function servers.task(task, server, arguments, level)
	return { servers = { server }, task = task, arguments = arguments, log_level = level or "warn", log_people = true }
end

return servers
