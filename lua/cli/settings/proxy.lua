-- Proxies of calls out, and the hosts that are called without one. src/client/proxy.c reads the normal forms.
local http = require "native.http"
local networks = require "partnerapp.web.networks"

local proxy = {}

-- The scheme, the credentials with their "@", and the rest of a proxy's URL. Without a scheme it is http, as other
-- programs have it.
local function split(value)
	local scheme, rest = value:match "^([%a][%w+.-]*)://(.*)$"
	scheme, rest = (scheme or "http"):lower(), rest or value
	local credentials, address = rest:match "^([^/?#]*@)(.*)$"
	return scheme, credentials or "", address or rest
end

--- http://[USER:PASSWORD@]HOST[:PORT] or https://…, with the port in its normal form.
function proxy.check(value)
	local scheme, credentials, address = split(value)
	if scheme ~= "http" and scheme ~= "https" then
		return nil, ("a proxy must be http:// or https://, not %s://"):format(scheme)
	end
	local parts, message = http.parse_url(("%s://%s"):format(scheme, address))
	if not parts then
		return nil, (message:gsub("^a URL", "the URL of a proxy"))
	end
	if parts.query or parts.fragment or parts.path ~= "/" then
		return nil, "must be scheme, host and port only, for example http://proxy.example:3128"
	end
	if
		credentials:find "[^%w%-._~!$&'()*+,;=:%%@]"
		or credentials:find "@."
		or (credentials:gsub("%%%x%x", "")):find("%", 1, true)
	then
		return nil, "user and password of a proxy must be percent-encoded"
	end
	return ("%s://%s%s:%d"):format(scheme, credentials, parts.host, parts.port)
end

--- The URL with its password replaced; of a URL that is not one, with all that may be a password.
function proxy.shown(value)
	local shown, count = value:gsub("^([^:/@]*://[^:@/]*):[^@]*@", "%1:***@")
	if count > 0 or not value:find ":[^@]*:[^@]*@" and value:find "://" then
		return shown
	end
	return (value:gsub("([^:/]*):[^@/][^@]*@", "%1:***@"))
end

--- A list of hosts, domains, addresses and networks, or "*", separated by commas. A domain is "example.com",
--- ".example.com" or "*.example.com".
function proxy.check_exceptions(value)
	local list = {}
	for word in value:gmatch "[^%s,;]+" do
		local network, message = true, nil
		if word:find("/", 1, true) then
			network, message = networks.parse(word)
		end
		if not network then
			return nil, message
		end
		list[#list + 1] = word:lower():gsub("^%*%.", ".")
	end
	return table.concat(list, ",")
end

return proxy
