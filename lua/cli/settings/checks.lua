-- The checks of single settings. Each takes a text that is not empty, without white space around it, and the lookup
-- (settings/values.lua); it returns the value in its normal form, or nil and what is wrong with it. Where a value can
-- mean one thing only, its case and spelling are forgiven (TO-02).
local address = require "cli.settings.address"
local crypto = require "native.crypto"
local http = require "native.http"
local memory = require "cli.settings.memory"
local networks = require "partnerapp.web.networks"
local proxy = require "cli.settings.proxy"
local white_space = require "partnerapp.store.white_space"

local checks = {}

checks.proxy, checks.no_proxy = proxy.check, proxy.check_exceptions

-- What libcurl trusts when CA_FILE is not set. SSL_CERT_FILE often names it.
local SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"

--- A file of certificates that can be read. libcurl would report a wrong one at the first call out. The certificates of
--- the system's own file are not looked at, as when CA_FILE is not set: that takes 20 ms at each start.
function checks.ca_file(value, lookup)
	local bytes, message = lookup.read(value)
	if not bytes then
		return nil, message
	elseif value == SYSTEM_CA_FILE then
		return value
	end
	local count, problem = crypto.certificates(bytes)
	if not count then
		return nil, ("%s: %s"):format(value, problem)
	end
	return value
end

--- ADDRESS:PORT, also as the URL of a server, and with the address `*`.
function checks.listen(value)
	value = value:lower():gsub("^http://(.-)/?$", "%1"):gsub("^tcp://", ""):gsub("^%*:", "0.0.0.0:")
	local host, port = address.split(value)
	if host and tonumber(port) > 65535 then
		return nil, "a port is at most 65535"
	elseif not host and value:find "^%d+$" then
		return nil, ("must be ADDRESS:PORT: 127.0.0.1:%s for this machine alone"):format(value)
	elseif not host and value:find "^%[.*%]" then
		return nil, "must be an IPv4 address and a port, for example 127.0.0.1:8888"
	elseif not host then
		return nil, "must be ADDRESS:PORT, for example 127.0.0.1:8888"
	end
	return value
end

--- An origin: a URL without path, query and fragment.
function checks.url(value)
	local parts, message = http.parse_url(value)
	if not parts then
		return nil, message .. ", for example https://app.example.com"
	end
	if parts.query or parts.fragment or parts.path ~= "/" then
		return nil, "must be scheme, host and port only, for example https://app.example.com"
	end
	return parts.origin
end

--- OA-23: an origin of Segment, https unless it is a sandbox on this machine.
function checks.segment_url(value)
	local origin, message = checks.url(value)
	if not origin then
		return nil, message
	end
	local parts = assert(http.parse_url(origin))
	if parts.scheme ~= "https" and not address.is_loopback(parts.host) and not address.is_local_name(parts.host) then
		return nil, "must be https (plain http is for a sandbox on this machine or in a container: http://sandbox:8889)"
	end
	return origin
end

--- Origins separated by spaces or commas.
function checks.origins(value)
	local origins = {}
	for word in value:gmatch "[^%s,]+" do
		local origin, message = checks.url(word)
		if not origin then
			return nil, ("'%s': %s"):format(word, message)
		end
		origins[#origins + 1] = origin
	end
	return table.concat(origins, " ")
end

function checks.database(value)
	if value:lower():match "^postgres" then
		return nil, "PostgreSQL is not supported yet: use sqlite:PATH"
	end
	local path = value:match "^[sS][qQ][lL][iI][tT][eE]:(.+)$"
	if not path then
		return nil, "must be sqlite:PATH, for example sqlite:/var/lib/my-app/partnerapp.db"
	end
	path = path:gsub("^///+", "/")
	local other = path:match "^//(.*)$"
	if other then
		return nil, ("may mean two files: sqlite:%s or sqlite:/%s"):format(other, other)
	end
	return "sqlite:" .. path
end

function checks.workers(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 8 or number > 4096 then
		return nil, "must be a whole number from 8 to 4096"
	end
	return tostring(number)
end

local SECONDS = { s = 1, sec = 1, secs = 1, second = 1, seconds = 1, ms = 1 / 1000 }
for _, unit in ipairs { "m", "min", "mins", "minute", "minutes" } do
	SECONDS[unit] = 60
end

--- Seconds: "30", "30s", "2 min", "5000ms".
function checks.request_timeout(value)
	local number, unit = value:lower():match "^(%d+%.?%d*)%s*(%a+)$"
	local seconds = number and SECONDS[unit] and tonumber(number) * SECONDS[unit]
	seconds = math.tointeger(seconds or tonumber(value))
	if not seconds or seconds < 1 or seconds > 600 then
		return nil, "must be a whole number of seconds from 1 to 600"
	end
	return tostring(seconds)
end

function checks.calls_per_second(value)
	local number = math.tointeger(tonumber((value:gsub("%s*/%s*s$", ""))))
	if not number or number < 0 or number > 1000000 then
		return nil, "must be a whole number up to 1000000, or 0 for any number"
	end
	return tostring(number)
end

function checks.memory(value)
	local bytes = memory.bytes(value)
	if not bytes then
		return nil, "must be an amount of memory, for example 512M or 1G"
	end
	if bytes < memory.LEAST then
		return nil, ("must be at least %s"):format(memory.text(memory.LEAST))
	end
	return memory.text(bytes)
end

local SWITCH = {}
for word in ("1 true t yes y on enabled"):gmatch "%S+" do
	SWITCH[word] = "1"
end
for word in ("0 false f no n off disabled"):gmatch "%S+" do
	SWITCH[word] = "0"
end

function checks.switch(value)
	local state = SWITCH[value:lower()]
	if not state then
		return nil, "must be 1 (true, yes, on) or 0 (false, no, off)"
	end
	return state
end

function checks.on_off(value)
	local state = SWITCH[value:lower()]
	if not state then
		return nil, "must be on or off"
	end
	return state == "1" and "on" or "off"
end

function checks.traffic_mb(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 1 or number > 100000 then
		return nil, "must be a whole number of MiB from 1 to 100000"
	end
	return tostring(number)
end

function checks.traffic_days(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 1 or number > 3650 then
		return nil, "must be a whole number of days from 1 to 3650"
	end
	return tostring(number)
end

-- The levels, and what other programs call them.
local LEVELS = {
	debug = "debug",
	trace = "debug",
	verbose = "debug",
	info = "info",
	notice = "info",
	warn = "warn",
	warning = "warn",
	error = "error",
	err = "error",
	critical = "error",
	fatal = "error",
	off = "off",
	none = "off",
	silent = "off",
}

function checks.log_level(value)
	local level = LEVELS[value:lower()]
	if not level then
		return nil, "must be debug, info, warn, error or off"
	end
	return level
end

--- TO-05: an id, a secret or a token of an OAuth client, as Segment makes them.
function checks.credential(value)
	if white_space.is_in(value) then
		return nil, "has white space inside, which a credential does not have: copy it again"
	end
	return value
end

--- TO-05: what a person has chosen, in which spaces may be.
function checks.password(value)
	if value:find "[\r\n]" then
		return nil, "has several lines, and must be one"
	end
	return value
end

--- Keys separated by commas, each 64 hex digits with an id in front; a single key may be without one and is k1 then.
function checks.secret_key(value)
	value = value:gsub("%s*,%s*", ",")
	if white_space.is_in(value) then
		return nil, "has white space inside a key: it must be 64 hex digits"
	end
	for entry in (value .. ","):gmatch "([^,]*)," do
		local id, hex = entry:match "^([a-z0-9]+):(%x+)$"
		hex = hex or entry:match "^(%x+)$"
		if not hex or #hex ~= 64 or (id and #id > 16) then
			return nil, "must be 64 hex digits (openssl rand -hex 32), or ID:DIGITS entries separated by commas"
		end
	end
	return (value:match "^%x+$" and "k1:" or "") .. value
end

--- IP addresses and networks separated by spaces or commas.
function checks.proxies(value)
	local list, message = networks.parse(value)
	if not list then
		return nil, message .. " such as 10.0.0.0/8"
	end
	return value
end

return checks
