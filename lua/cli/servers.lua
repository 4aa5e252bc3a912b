-- Describes a plan's servers from the settings found: struct pa_plan_server in src/run/command.h.
local address = require "cli.settings.address"
local files = require "native.files"
local http = require "native.http"
local required = require "cli.required"
local rules = require "cli.settings.rules"
local secret_key = require "cli.secret_key"
local settings = require "cli.settings"

local servers = {}

local SANDBOX_WORKERS = 128
local ACTIONS_WORKERS = 32
local SANDBOX_REQUEST_MS = 120000 -- above the longest delay that a fault of the control API may have
local LOOPBACK = { "localhost", "127.0.0.1", "[::1]" }
local NETWORK = "*local" -- PA_GATE_LOCAL of src/server/gate.h

local function host_of(url)
	return assert(http.parse_url(url)).host
end

-- The loopback names, that of a URL first: visits under another one are led to it.
local function loopback_hosts(url)
	local parts, list = http.parse_url(url), {}
	for _, name in ipairs(LOOPBACK) do
		table.insert(list, parts and parts.host == name and 1 or #list + 1, name)
	end
	return list
end

-- The hosts of a sandbox: those of a local network too, when it listens there.
local function sandbox_hosts(found, url)
	local list = loopback_hosts(url)
	list[#list + 1] = rules.is_sandbox_open(found) and NETWORK or nil
	return list
end

-- Where calls out go through, and whose certificates they trust: for both servers.
local function add_outbound(server, value)
	server.ca_file = value.CA_FILE
	server.proxy_https = value.OUTBOUND_PROXY or value.HTTPS_PROXY
	server.proxy_http = value.OUTBOUND_PROXY or value.HTTP_PROXY
	server.no_proxy = value.NO_PROXY
	return server
end

-- How many of a server's workers may wait for calls out at once.
local function calls_max(workers)
	return workers // 4 * 3
end

-- How the dashboard is reached without ADMIN_PASSWORD (HT-02): "open" for browsers on this machine, when the server is
-- for them alone; nil: not at all.
local function dashboard_access(found)
	local host = address.split(found.value.LISTEN)
	return found.development ~= false and host and address.is_loopback(host) and "open" or nil
end

-- Where exchanges are kept: beside the app's database.
local function traffic_of(database)
	local path = database:match "^sqlite:(.+)$"
	return "sqlite-words:" .. (path == ":memory:" and path or path:gsub("%.db$", "") .. ".traffic.db")
end

--- The app's server.
---@param found cli.found
---@param watch boolean whether a saved script takes effect
---@return table
function servers.app(found, watch)
	local value = found.value
	local told = settings.told("app", value)
	told.SERVER_SETTINGS = settings.names()
	told.DASHBOARD = dashboard_access(found)
	for name, text in pairs(found.app) do
		told["env." .. name] = text
	end
	local server = {
		name = "app",
		app = found.location.folder,
		listen = value.LISTEN,
		listen_setting = "LISTEN",
		health_listen = value.HEALTH_LISTEN,
		hosts = { host_of(value.PUBLIC_URL), table.unpack(LOOPBACK) },
		public_url = value.PUBLIC_URL,
		https = value.PUBLIC_URL:match "^https:" ~= nil,
		workers = tonumber(value.WORKERS),
		calls_max = calls_max(tonumber(value.WORKERS)),
		request_ms = tonumber(value.REQUEST_TIMEOUT) * 1000,
		calls_per_second = tonumber(value.CALLS_PER_SECOND),
		watch = watch,
		development = found.development,
		requires = required.may_be_in(found.location.folder),
		database = value.DATABASE_URL,
		traffic = value.TRAFFIC == "on" and traffic_of(value.DATABASE_URL) or nil,
		traffic_mb = tonumber(value.TRAFFIC_MB),
		traffic_days = tonumber(value.TRAFFIC_DAYS),
		secret_key = value.SECRET_KEY,
		secret_key_file = found.key_file,
		http_allow = table.concat({ value.SEGMENT_ID_URL, value.SEGMENT_API_URL, value.HTTP_ALLOW }, " "),
		settings = told,
	}
	return add_outbound(server, value)
end

--- The server for a task over what is stored for an app, whose own scripts it does not need: they may be broken.
---@param found cli.found
---@return table
function servers.shipped_app(found)
	local server = servers.app(found, false)
	server.app = files.library() .. "/app"
	return server
end

--- The app beside a sandbox that is alone: its destinations run, and nothing listens.
---@param found cli.found
---@return table
function servers.app_of_sandbox(found)
	local server = servers.app_in_memory(found)
	server.listen, server.health_listen, server.watch = nil, nil, true
	return server
end

--- The app's server for a task that keeps nothing: an empty database in memory and a key of its own.
---@param found cli.found
---@return table
function servers.app_in_memory(found)
	local server = servers.app(found, false)
	server.database, server.traffic = "sqlite::memory:", nil
	server.secret_key, server.secret_key_file = secret_key.new(), nil
	return server
end

--- The sandbox's server. It answers to loopback, and where other machines reach it to names that are not public (a
--- page of a public name could be made to lead here by its owner's DNS); it may deliver events to any address.
---@param found cli.found
---@param database string
---@param ring string? the app's SECRET_KEY, for a database that is kept: the sandbox's keys follow from it
---@return table
function servers.sandbox(found, database, ring)
	local url = address.origin(found.value.SANDBOX_LISTEN)
	local told = settings.told("sandbox", found.value)
	told.PUBLIC_URL, told.SEGMENT_ID_URL, told.SEGMENT_API_URL = url, url, url
	local server = {
		name = "sandbox",
		app = files.library() .. "/sandbox",
		listen = found.value.SANDBOX_LISTEN,
		listen_setting = "SANDBOX_LISTEN",
		hosts = sandbox_hosts(found, url),
		workers = SANDBOX_WORKERS,
		calls_max = calls_max(SANDBOX_WORKERS),
		request_ms = SANDBOX_REQUEST_MS,
		watch = false,
		database = database,
		secret_key = ring and secret_key.derived(ring) or secret_key.new(),
		http_allow = "*",
		body_max = 16 << 20, -- above Segment's limits: the sandbox itself refuses larger bodies, in Segment's words
		faults = true,
		asks = "app", -- when the plan has one
		settings = told,
	}
	return add_outbound(server, found.value)
end

--- The server of `partnerapp actions`, over one destination of the app. Its scripts get no setting of the app and
--- nothing of .env: what a destination needs comes with each request.
---@param found cli.found
---@param slug string
---@param port string of 127.0.0.1
---@return table
function servers.actions(found, slug, port)
	local value = found.value
	local server = {
		name = "actions",
		app = found.location.folder,
		entry = "partnerapp.actions",
		listen = "127.0.0.1:" .. port,
		listen_setting = "--port",
		hosts = { "localhost", "127.0.0.1" },
		workers = ACTIONS_WORKERS,
		calls_max = calls_max(ACTIONS_WORKERS),
		request_ms = tonumber(value.REQUEST_TIMEOUT) * 1000,
		calls_per_second = tonumber(value.CALLS_PER_SECOND),
		watch = true,
		database = "sqlite::memory:",
		secret_key = secret_key.new(),
		http_allow = value.HTTP_ALLOW,
		body_max = 8 << 20, -- of JSON, at most: partnerapp.json reads no more
		settings = {
			PUBLIC_URL = "http://localhost:" .. port,
			DESTINATION = slug,
			SERVER_SETTINGS = settings.names(),
		},
	}
	return add_outbound(server, value)
end

return servers
