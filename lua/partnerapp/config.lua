-- What the server's settings mean to the library. How they are found and checked: lua/cli/settings.
local log = require "native.log"
local sys = require "native.sys"

local settings = sys.settings()

for name, value in pairs(settings) do
	if name:find("SECRET", 1, true) or name:find("PASSWORD", 1, true) then
		log.mask(value)
	end
end

local function is_loopback(host)
	return host == "localhost"
		or host:find("%.localhost$") ~= nil
		or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
		or host == "[::1]"
end

local config = {
	--- Where browsers reach the app: an origin, without a slash at its end.
	public_url = settings.PUBLIC_URL or "http://localhost:8888",
	--- Segment's OAuth server and its Config API: origins.
	segment_id_url = settings.SEGMENT_ID_URL or "https://id.segmentapis.com",
	segment_api_url = settings.SEGMENT_API_URL or "https://platform.segmentapis.com",
	--- The demo's sandbox, or nil: the two URLs above are then its.
	sandbox_url = settings.SANDBOX_URL,
	--- What pages say on top while that is so, or false.
	banner = settings.SANDBOX_URL and "Demo: a local sandbox stands in for Segment" or false,
}

--- Whether browsers come over https.
config.https = config.public_url:find("^https:") ~= nil

config.public_host = config.public_url:match("^%a+://(%[[^%]]+%])") or config.public_url:match("^%a+://([^:/]+)")

--- Development is when the public URL is this machine; anything else is production.
config.development = is_loopback(config.public_host)

--- The names of a client's settings: CLIENT_ID and CLIENT_SECRET, or those of another client: "report" is
--- REPORT_CLIENT_ID and REPORT_CLIENT_SECRET.
---@param name string?
---@return string id_setting, string secret_setting
function config.client_settings(name)
	local prefix = name and name:upper():gsub("[^%w]", "_") .. "_" or ""
	return prefix .. "CLIENT_ID", prefix .. "CLIENT_SECRET"
end

local function find(name)
	local value = settings[name] or settings["env." .. name] or sys.env(name)
	return value ~= "" and value or nil
end

--- The OAuth client of that name, as set; nil, message, "not_set" when it is not.
---@param name string?
---@return {id: string, secret: string}? client, string? message, string? code
function config.client(name)
	local id_setting, secret_setting = config.client_settings(name)
	local id, secret = find(id_setting), find(secret_setting)
	if not id or not secret then
		return nil, ("%s and %s are not set"):format(id_setting, secret_setting), "not_set"
	end
	return { id = id, secret = secret }
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
