-- Every setting: where its value comes from (flag, environment, .env, default) and whether it makes sense. All problems
-- are collected, so that one run reports them all.
local crypto = require "native.crypto"
local dotenv = require "cli.dotenv"
local files = require "native.files"
local http = require "native.http"

local settings = {}

local STATE = ".partnerapp"

local function is_loopback(host)
	return host == "localhost"
		or host:match("%.localhost$") ~= nil
		or host:match("^127%.%d+%.%d+%.%d+$") ~= nil
		or host == "::1"
		or host == "[::1]"
end

local function check_listen(value)
	local host, port = value:match("^([%w%.%-]*):(%d+)$")
	port = tonumber(port)
	if not host or port > 65535 then
		return nil, "must be ADDRESS:PORT, for example 127.0.0.1:8888"
	end
	return value
end

local function check_url(value)
	local parts, message = http.parse_url(value)
	if not parts then
		return nil, message
	end
	if parts.query or parts.fragment or parts.path ~= "/" then
		return nil, "must be scheme, host and port only, for example https://app.example.com"
	end
	return parts.origin
end

local function check_segment_url(value)
	local origin, message = check_url(value)
	if not origin then
		return nil, message
	end
	local parts = assert(http.parse_url(origin))
	if parts.scheme ~= "https" and not is_loopback(parts.host) then
		return nil, "must be https (plain http is for a sandbox on this machine)"
	end
	return origin
end

local function check_database(value)
	if value:match("^postgres") then
		return nil, "PostgreSQL is not supported yet: use sqlite:PATH"
	end
	if not value:match("^sqlite:.") then
		return nil, "must be sqlite:PATH"
	end
	return value
end

local function check_workers(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 8 or number > 4096 then
		return nil, "must be a whole number from 8 to 4096"
	end
	return tostring(number)
end

local function check_switch(value)
	if value ~= "0" and value ~= "1" then
		return nil, "must be 0 or 1"
	end
	return value
end

local LEVELS = { debug = true, info = true, warn = true, error = true, off = true }

local function check_level(value)
	if not LEVELS[value] then
		return nil, "must be debug, info, warn, error or off"
	end
	return value
end

local function check_key(value)
	for entry in (value .. ","):gmatch("([^,]*),") do
		local id, hex = entry:match("^([a-z0-9]+):(%x+)$")
		hex = hex or entry:match("^(%x+)$")
		if not hex or #hex ~= 64 or (id and #id > 16) then
			return nil, "must be 64 hex digits (openssl rand -hex 32), or ID:DIGITS entries separated by commas"
		end
	end
	return (value:match("^%x+$") and "k1:" or "") .. value
end

local function check_proxies(value)
	for address in value:gmatch("[^%s,]+") do
		if not address:match("^[%x%.:]+$") and not address:match("^[%x%.:]+/%d+$") then
			return nil, ("'%s' is no address"):format(address)
		end
	end
	return value
end

local function check_origins(value)
	local origins = {}
	for origin in value:gmatch("[^%s,]+") do
		local known, message = check_url(origin)
		if not known then
			return nil, ("'%s': %s"):format(origin, message)
		end
		origins[#origins + 1] = known
	end
	return table.concat(origins, " ")
end

--- In the order `config` shows them.
settings.all = {
	{ name = "CLIENT_ID", help = "the app's OAuth client id" },
	{ name = "CLIENT_SECRET", secret = true, help = "and its secret" },
	{ name = "LISTEN", default = "127.0.0.1:8888", check = check_listen, help = "address and port of the app" },
	{
		name = "SANDBOX_LISTEN",
		default = "127.0.0.1:8889",
		check = check_listen,
		help = "address and port of the sandbox",
	},
	{
		name = "SANDBOX_AUTO_CONSENT",
		default = "0",
		check = check_switch,
		help = "1: the sandbox consents at once, with its first choices",
	},
	{
		name = "SANDBOX_STRICT",
		default = "0",
		check = check_switch,
		help = "1: it refuses what Segment's own examples get wrong",
	},
	{
		name = "SANDBOX_NO_RATE_LIMIT",
		default = "0",
		check = check_switch,
		help = "1: it answers more than 200 requests a minute; the demo's does",
	},
	{
		name = "PUBLIC_URL",
		default = "http://localhost:8888",
		check = check_url,
		help = "where browsers reach the app",
	},
	{
		name = "SEGMENT_ID_URL",
		default = "https://id.segmentapis.com",
		check = check_segment_url,
		help = "Segment's OAuth server",
	},
	{
		name = "SEGMENT_API_URL",
		default = "https://platform.segmentapis.com",
		check = check_segment_url,
		help = "Segment's Config API",
	},
	{
		name = "DATABASE_URL",
		default = "sqlite:" .. STATE .. "/partnerapp.db",
		check = check_database,
		help = "where installs are kept",
	},
	{
		name = "SECRET_KEY",
		secret = true,
		check = check_key,
		help = "seals tokens; made in " .. STATE .. "/secret.key when absent",
	},
	{ name = "ADMIN_PASSWORD", secret = true, help = "opens /metrics" },
	{ name = "WEBHOOK_SECRET", secret = true, help = "signs events from Segment" },
	{
		name = "TRUSTED_PROXIES",
		default = "",
		check = check_proxies,
		help = "addresses whose X-Forwarded-* are believed",
	},
	{ name = "HTTP_ALLOW", default = "", check = check_origins, help = "private origins that scripts may call" },
	{ name = "WORKERS", default = "512", check = check_workers, help = "threads, one a connection" },
	{ name = "SEGMENT_EMAIL", help = "your login at Segment, for setup token" },
	{ name = "SEGMENT_PASSWORD", secret = true, help = "and its password" },
	{ name = "SEGMENT_WORKSPACE", help = "the slug of the workspace that setup is about" },
	{ name = "ACCESS_TOKEN", secret = true, help = "made by setup token, for setup app" },
	{ name = "LOG_LEVEL", default = "info", check = check_level, help = "debug, info, warn, error or off" },
}

local by_name, by_flag = {}, {}
for _, setting in ipairs(settings.all) do
	by_name[setting.name] = setting
	by_flag[setting.name:lower():gsub("_", "-")] = setting
end

--- The setting of a flag ("public-url"), or nil.
---@param flag string
---@return table?
function settings.by_flag(flag)
	return by_flag[flag]
end

-- NAME, or the first line of the file that NAME_FILE names.
local function from_place(lookup, setting, place, problems)
	local value = lookup(setting.name)
	if value and value ~= "" then
		return value, place
	end
	local path = setting.secret and lookup(setting.name .. "_FILE")
	if not path or path == "" then
		return
	end
	local bytes, message = files.read(path)
	if not bytes then
		problems[#problems + 1] = ("%s_FILE: %s"):format(setting.name, message)
		return
	end
	return (bytes:gsub("%s+$", "")), path
end

local function is_named_by(app, key)
	local names = app and files.list(app) or {}
	for _, name in ipairs(names) do
		local bytes = name:match("%.lua$") and files.read(app .. "/" .. name)
		if bytes and bytes:find(key, 1, true) then
			return true
		end
	end
	return key:match("_CLIENT_ID$") ~= nil or key:match("_CLIENT_SECRET$") ~= nil
end

-- What .env says beyond the known settings is the app's own.
local function take_app_settings(found, env, app)
	for key, value in pairs(env) do
		if not by_name[key] and not by_name[(key:gsub("_FILE$", ""))] then
			found.app[key] = value
			if not is_named_by(app, key) then
				found.warnings[#found.warnings + 1] = (".env: %s is neither a setting nor named by the app's scripts"):format(
					key
				)
			end
		end
	end
end

-- Every setting's value: by flags, else from the first of the places that has it, else the default.
local function collect(found, given, places)
	for _, setting in ipairs(settings.all) do
		local name = setting.name
		local value, from = given[name], "flag"
		for _, place in ipairs(places) do
			if not value then
				value, from = from_place(place.lookup, setting, place.name, found.problems)
			end
		end
		if not value then
			value, from = setting.default, "default"
		end
		if value and setting.check and value ~= "" then
			local checked, message = setting.check(value)
			if not checked then
				found.problems[#found.problems + 1] = ("%s (%s): %s"):format(name, from, message)
			end
			value = checked or value
		end
		found.value[name], found.from[name] = value, value and from or "unset"
	end
	return found
end

local function new_found()
	return { value = {}, from = {}, app = {}, problems = {}, warnings = {} }
end

--- Finds every setting's value.
---@param given table<string, string> by flags, by setting name
---@param app string? the app's folder: .env keys that its scripts name are its own
---@return table found `value` and `from` by name, `app` (other keys of .env), `problems`, `warnings`; `key_file` when
--- the key is in a file
function settings.find(given, app)
	local found = new_found()
	local env = dotenv.read(".env", found.problems, found.warnings)
	collect(found, given, {
		{ name = "environment", lookup = files.env },
		{
			name = ".env",
			lookup = function(key)
				return env[key]
			end,
		},
	})
	local place = found.from.SECRET_KEY
	if place ~= "environment" and place ~= ".env" and place ~= "unset" then
		found.key_file = place
	end
	take_app_settings(found, env, app)
	return found
end

--- The same from flags and defaults alone: an app's tests come out the same wherever they run.
---@param given table<string, string>
---@return table found
function settings.defaults(given)
	return collect(new_found(), given, {})
end

-- A new key in its file. When another process was faster, its key: two would each seal what the other cannot open.
local function make_key(path)
	local made = crypto.hex(crypto.random(32)) .. "\n"
	local done, message, code = files.make_folder(STATE)
	if done then
		done, message, code = files.write(path, made, tonumber("600", 8), true)
	end
	if done then
		return made
	elseif code == "exists" then
		return files.read(path)
	end
	return nil, message
end

--- Adds what only a server needs: the key (made on first start in development) and rules between settings.
---@param found table from find
function settings.for_server(found)
	local value, problems = found.value, found.problems
	local public = http.parse_url(value.PUBLIC_URL or "")
	if not public then
		return
	end
	found.development = is_loopback(public.host)
	if not found.development and public.scheme ~= "https" then
		problems[#problems + 1] = "PUBLIC_URL: must be https unless it is this machine"
	end
	local address = value.LISTEN:match("^(.*):%d+$")
	if address and not is_loopback(address) and not value.ADMIN_PASSWORD then
		problems[#problems + 1] = "LISTEN: other machines can reach this address: set ADMIN_PASSWORD"
	end
	if value.SECRET_KEY or #problems > 0 then
		return
	end
	local path = STATE .. "/secret.key"
	found.key_file = path
	local stored, message, code = files.read(path)
	if not stored and code == "not_found" and found.development then
		stored, message = make_key(path)
	elseif not stored then
		message = ("SECRET_KEY: set it, or put it into %s (openssl rand -hex 32)"):format(path)
	end
	if stored then
		value.SECRET_KEY, message = check_key((stored:gsub("%s+$", "")))
		message = message and ("%s: %s"):format(path, message)
	end
	found.from.SECRET_KEY = path
	problems[#problems + 1] = message
end

--- Adds what a sandbox that listens has to keep: whoever reaches it is anybody's customer (OP-07).
---@param found table from find
function settings.for_sandbox(found)
	local address = found.value.SANDBOX_LISTEN:match("^(.*):%d+$")
	if address and not is_loopback(address) then
		found.problems[#found.problems + 1] = "SANDBOX_LISTEN: the sandbox is for this machine only: use 127.0.0.1"
	end
end

--- Warns when LISTEN was changed and the default of PUBLIC_URL, which browsers are sent to, leads elsewhere.
---@param found table from find
function settings.compare_addresses(found)
	local url, listen = found.value.PUBLIC_URL, found.value.LISTEN
	if found.from.PUBLIC_URL == "default" and url:match(":%d+$") ~= listen:match(":%d+$") then
		found.warnings[#found.warnings + 1] = ("browsers are sent to %s, but LISTEN is %s: set PUBLIC_URL too"):format(
			url,
			listen
		)
	end
end

--- Puts the sandbox in Segment's place, so what was set for the real one does not count. It registers the clients of
--- all mounts but those of other authorization servers.
---@param found table from find
---@return string url of the sandbox
function settings.use_sandbox(found)
	local url = "http://" .. found.value.SANDBOX_LISTEN
	found.value.CLIENT_ID, found.value.CLIENT_SECRET = nil, nil
	found.value.SEGMENT_ID_URL, found.value.SEGMENT_API_URL = url, url
	found.value.SANDBOX_NO_RATE_LIMIT = "1" -- whoever plays with a demo, or measures it, is not to be stopped
	return url
end

--- Prints warnings and problems. True when there is a problem: the command then ends with exit code 2.
---@param found table
---@return boolean
function settings.report(found)
	for _, warning in ipairs(found.warnings) do
		files.err("partnerapp: warning: " .. warning .. "\n")
	end
	for _, problem in ipairs(found.problems) do
		files.err("partnerapp: " .. problem .. "\n")
	end
	return #found.problems > 0
end

return settings
