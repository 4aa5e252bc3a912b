-- Every setting is one row here. How a value is found: settings/values.lua; what settings mean for each other:
-- settings/rules.lua.
--
-- A row has: name; default, a text or a function of the lookup (settings/values.lua) and of what was found for the
-- rows above, which may give the name of what it read too; check, a function of settings/checks.lua; help, for
-- `partnerapp config`; secret = true when the value is never a flag and never shown; in_file = true when NAME_FILE may
-- name a file with it, as with every secret; choices, a list of the values that it takes in their normal form; shown, a
-- function that makes the text to show of a value; told = "app", "sandbox" or "setup" when the scripts of that server
-- or task get the value.
local address = require "cli.settings.address"
local checks = require "cli.settings.checks"
local http = require "native.http"
local memory = require "cli.settings.memory"
local proxy = require "cli.settings.proxy"

local settings = {}

-- A default that is read from one of the environment's usual variables. An empty one counts as absent.
local function variable(name)
	return function(lookup)
		local value = lookup.env(name)
		if value and value ~= "" then
			return value, name
		end
	end
end

--- In the order in which `partnerapp config` shows them.
settings.all = {
	{
		name = "CLIENT_ID",
		told = "app",
		in_file = true,
		check = checks.credential,
		help = "the app's OAuth client id",
	},
	{
		name = "CLIENT_SECRET",
		told = "app",
		secret = true,
		check = checks.credential,
		help = "the secret of that client",
	},
	{ name = "LISTEN", default = "127.0.0.1:8888", check = checks.listen, help = "address and port of the app" },
	{
		name = "HEALTH_LISTEN",
		check = checks.listen,
		help = "address and port of /healthz and /readyz alone, for supervisors",
	},
	{
		name = "SANDBOX_LISTEN",
		default = "127.0.0.1:8889",
		check = checks.listen,
		help = "address and port of the sandbox",
	},
	{
		name = "SANDBOX_TOKEN",
		told = "sandbox",
		secret = true,
		help = "opens the sandbox's control calls to programs on other machines, as a bearer token",
	},
	{
		name = "SANDBOX_AUTO_CONSENT",
		told = "sandbox",
		default = "0",
		check = checks.switch,
		choices = { "0", "1" },
		help = "1: the sandbox consents at once, with its first choices",
	},
	{
		name = "SANDBOX_STRICT",
		told = "sandbox",
		default = "0",
		check = checks.switch,
		choices = { "0", "1" },
		help = "1: the sandbox refuses what Segment's own examples get wrong",
	},
	{
		name = "SANDBOX_NO_RATE_LIMIT",
		told = "sandbox",
		default = "0",
		check = checks.switch,
		choices = { "0", "1" },
		help = "1: the sandbox answers more than 200 requests a minute; always so in the demo",
	},
	{
		name = "PUBLIC_URL",
		told = "app",
		default = function(_, found)
			local listen = checks.listen(found.value.LISTEN)
			local port = listen and listen:match ":(%d+)$" or "0"
			if port ~= "0" and found.from.LISTEN ~= "default" then
				return "http://localhost:" .. port, "LISTEN"
			end
			return "http://localhost:8888"
		end,
		check = checks.url,
		help = "where browsers reach the app",
	},
	{
		name = "SEGMENT_ID_URL",
		told = "app",
		default = "https://id.segmentapis.com",
		check = checks.segment_url,
		help = "Segment's OAuth server",
	},
	{
		name = "SEGMENT_API_URL",
		told = "app",
		default = "https://platform.segmentapis.com",
		check = checks.segment_url,
		help = "Segment's Config API",
	},
	{
		name = "DATABASE_URL",
		default = function(_, found)
			return ("sqlite:%s/partnerapp.db"):format(found.location.state)
		end,
		check = checks.database,
		help = "where installs are kept",
	},
	{
		name = "SECRET_KEY",
		secret = true,
		check = checks.secret_key,
		help = "seals tokens; made in .partnerapp/secret.key in development",
	},
	{
		name = "ADMIN_PASSWORD",
		told = "app",
		secret = true,
		check = checks.password,
		help = "opens /dashboard and /metrics",
	},
	{
		name = "WEBHOOK_SECRET",
		told = "app",
		secret = true,
		check = checks.password,
		help = "signs events from Segment",
	},
	{
		name = "TRUSTED_PROXIES",
		told = "app",
		default = "",
		check = checks.proxies,
		help = "addresses whose X-Forwarded-* headers are believed",
	},
	{ name = "HTTP_ALLOW", default = "", check = checks.origins, help = "private origins that scripts may call" },
	{
		name = "CA_FILE",
		default = variable "SSL_CERT_FILE",
		check = checks.ca_file,
		help = "certificates to trust instead of the system's, as PEM",
	},
	{
		name = "OUTBOUND_PROXY",
		check = checks.proxy,
		shown = proxy.shown,
		help = "proxy of all calls out, for example http://proxy.example:3128",
	},
	{
		name = "HTTPS_PROXY",
		default = variable "https_proxy",
		check = checks.proxy,
		shown = proxy.shown,
		help = "proxy of calls to https, without OUTBOUND_PROXY",
	},
	{
		name = "HTTP_PROXY",
		default = variable "http_proxy",
		check = checks.proxy,
		shown = proxy.shown,
		help = "proxy of calls to http, without OUTBOUND_PROXY",
	},
	{
		name = "NO_PROXY",
		default = variable "no_proxy",
		check = checks.no_proxy,
		help = "hosts, domains and networks that are called without a proxy",
	},
	{ name = "WORKERS", default = "512", check = checks.workers, help = "threads, one per connection" },
	{
		name = "REQUEST_TIMEOUT",
		default = "30",
		check = checks.request_timeout,
		help = "seconds that a request may take, its calls out and other waits included",
	},
	{
		name = "CALLS_PER_SECOND",
		default = "2000",
		check = checks.calls_per_second,
		help = "calls out that scripts may make in a second; 0: any number",
	},
	{
		name = "SCRIPT_MEMORY",
		told = "app",
		default = memory.default,
		check = checks.memory,
		help = "memory of all scripts and bodies together",
	},
	{
		name = "TRAFFIC",
		default = function(_, found)
			local public = http.parse_url(found.value.PUBLIC_URL or "")
			return public and address.is_loopback(public.host) and "on" or "off"
		end,
		check = checks.on_off,
		choices = { "on", "off" },
		help = "on: keeps requests and calls out, secrets replaced; so in development",
	},
	{
		name = "TRAFFIC_MB",
		default = "256",
		check = checks.traffic_mb,
		help = "MiB of them that are kept at most; the oldest are deleted first",
	},
	{
		name = "TRAFFIC_DAYS",
		default = "7",
		check = checks.traffic_days,
		help = "days that they are kept at most",
	},
	{ name = "SEGMENT_EMAIL", told = "setup", help = "your login at Segment, for setup token" },
	{
		name = "SEGMENT_PASSWORD",
		told = "setup",
		secret = true,
		check = checks.password,
		help = "the password of that login",
	},
	{ name = "SEGMENT_WORKSPACE", told = "setup", help = "the slug of your workspace, for setup" },
	{
		name = "ACCESS_TOKEN",
		told = "setup",
		secret = true,
		check = checks.credential,
		help = "made by setup token, for setup app",
	},
	{
		name = "LOG_LEVEL",
		default = "info",
		check = checks.log_level,
		choices = { "debug", "info", "warn", "error", "off" },
		help = "debug, info, warn, error or off",
	},
}

--- The name of a setting's flag: "public-url".
---@param setting table a row
---@return string
function settings.flag(setting)
	return (setting.name:lower():gsub("_", "-"))
end

local by_name, by_flag = {}, {}
for _, setting in ipairs(settings.all) do
	by_name[setting.name] = setting
	by_flag[settings.flag(setting)] = setting
end

--- The row of a setting, or nil.
---@param name string "PUBLIC_URL"
---@return table?
function settings.by_name(name)
	return by_name[name]
end

--- The row of a setting by its flag, or nil.
---@param flag string "public-url"
---@return table?
function settings.by_flag(flag)
	return by_flag[flag]
end

--- The names that an app's own settings cannot have. The sandbox's settings are its own as an app.
---@return string names separated by spaces
function settings.names()
	local names = {}
	for _, setting in ipairs(settings.all) do
		names[#names + 1] = setting.told ~= "sandbox" and setting.name or nil
	end
	return table.concat(names, " ")
end

--- The values that the scripts of a server or task get.
---@param receiver "app"|"sandbox"|"setup"
---@param value table<string, string> of every setting, by name
---@return table<string, string>
function settings.told(receiver, value)
	local told = {}
	for _, setting in ipairs(settings.all) do
		if setting.told == receiver then
			told[setting.name] = value[setting.name]
		end
	end
	return told
end

return settings
