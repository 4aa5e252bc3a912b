-- The checks of single settings. Each takes a text that is not empty, and the lookup (settings/values.lua); it returns
-- the value in its normal form, or nil and what is wrong with it.
local address = require "cli.settings.address"
local crypto = require "native.crypto"
local http = require "native.http"
local memory = require "cli.settings.memory"
local networks = require "partnerapp.web.networks"
local proxy = require "cli.settings.proxy"

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

function checks.listen(value)
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
	if value:match "^postgres" then
		return nil, "PostgreSQL is not supported yet: use sqlite:PATH"
	end
	if not value:match "^sqlite:." then
		return nil, "must be sqlite:PATH, for example sqlite:/var/lib/my-app/partnerapp.db"
	end
	return value
end

function checks.workers(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 8 or number > 4096 then
		return nil, "must be a whole number from 8 to 4096"
	end
	return tostring(number)
end

function checks.request_timeout(value)
	local seconds = math.tointeger(tonumber(value))
	if not seconds or seconds < 1 or seconds > 600 then
		return nil, "must be a whole number of seconds from 1 to 600"
	end
	return tostring(seconds)
end

function checks.calls_per_second(value)
	local number = math.tointeger(tonumber(value))
	if not number or number < 0 or number > 1000000 then
		return nil, "must be a whole number from 0 to 1000000"
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

function checks.switch(value)
	if value ~= "0" and value ~= "1" then
		return nil, "must be 0 or 1"
	end
	return value
end

local LEVELS = { debug = true, info = true, warn = true, error = true, off = true }

function checks.log_level(value)
	if not LEVELS[value] then
		return nil, "must be debug, info, warn, error or off"
	end
	return value
end

--- Keys separated by commas, each 64 hex digits with an id in front; a single key may be without one and is k1 then.
function checks.secret_key(value)
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
