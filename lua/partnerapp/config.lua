-- What the server's settings mean to the library. How they are found and checked: lua/cli/settings.
local mask = require("native.log").mask
local sys = require "native.sys"

---@class partnerapp.config
---@field public_url string where browsers reach the app: an origin, without a slash at its end
---@field public_host string
---@field https boolean whether browsers come over https
---@field development boolean when the public URL is this machine; anything else is production
---@field segment_id_url string Segment's OAuth server: an origin
---@field segment_api_url string its Config API: an origin
---@field sandbox_url string? the demo's sandbox: the two URLs above are then its
---@field trusted_proxies string addresses and networks, as set
---@field banner string|false what pages say on top while that is so
local config = {}

local settings, clients

--- Whether a host of a URL is this machine.
---@param host string
---@return boolean
function config.is_loopback(host)
	return host == "localhost"
		or host:find("%.localhost$") ~= nil
		or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
		or host == "[::1]"
end

--- Reads the settings: when this module is loaded, and when a test changes them.
function config.read()
	settings, clients = sys.settings(), {}
	for name, value in pairs(settings) do
		if name:find("SECRET", 1, true) or name:find("PASSWORD", 1, true) then
			mask(value)
		end
	end
	local url = settings.PUBLIC_URL or "http://localhost:8888"
	config.public_url = url
	config.public_host = url:match("^%a+://(%[[^%]]+%])") or url:match("^%a+://([^:/]+)")
	config.https = url:find("^https:") ~= nil
	config.development = config.is_loopback(config.public_host)
	config.segment_id_url = settings.SEGMENT_ID_URL or "https://id.segmentapis.com"
	config.segment_api_url = settings.SEGMENT_API_URL or "https://platform.segmentapis.com"
	config.sandbox_url = settings.SANDBOX_URL
	config.trusted_proxies = settings.TRUSTED_PROXIES or ""
	config.banner = settings.SANDBOX_URL and "Demo: a local sandbox stands in for Segment" or false
end

config.read()

local function find(name)
	local value = settings[name] or settings["env." .. name] or not settings.TESTING and sys.env(name)
	return value and value ~= "" and value or nil
end

--- The names of a client's settings: CLIENT_ID and CLIENT_SECRET, or those of another client: "report" is
--- REPORT_CLIENT_ID and REPORT_CLIENT_SECRET.
---@param name string?
---@return string id_setting, string secret_setting
function config.client_settings(name)
	local prefix = name and name:upper():gsub("[^%w]", "_") .. "_" or ""
	return prefix .. "CLIENT_ID", prefix .. "CLIENT_SECRET"
end

--- The OAuth client of that name, as set: always the same table. nil, message, "not_set" when it is not.
---@param name string?
---@param public boolean? whether it needs no secret (RFC 6749 2.1)
---@return {id: string, secret: string}? client, string? message, string? code
function config.client(name, public)
	local key = name or ""
	local client = clients[key]
	if client then
		return client
	end
	local id_setting, secret_setting = config.client_settings(name)
	local id, secret = find(id_setting), find(secret_setting)
	if public and id then
		secret = secret or ""
	end
	if not id or not secret then
		return nil, ("%s and %s are not set"):format(id_setting, secret_setting), "not_set"
	end
	if secret ~= "" then
		mask(secret)
	end
	client = { id = id, secret = secret }
	clients[key] = client
	return client
end

--- An app's own settings: what .env and the environment say, else the defaults.
---@param defaults table<string, string>
---@return table<string, string>
function config.app_env(defaults)
	local values = {}
	for name, default in pairs(defaults) do
		if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
			error("env: '" .. tostring(name) .. "' cannot be the name of a setting", 0)
		end
		values[name] = find(name) or default
	end
	return values
end

return config
