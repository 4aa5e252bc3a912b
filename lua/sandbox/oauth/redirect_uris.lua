-- Redirect URIs of apps: which ones are allowed.
local assumptions = require "assumptions"
local http = require "partnerapp.http"
local json = require "partnerapp.json"

local redirect_uris = {}

local LENGTH_MOST = 2000

--- Whether a value is an absolute URI without a fragment; http and https ones must be well-formed.
---@param value any
---@return boolean
function redirect_uris.is_absolute(value)
	if type(value) ~= "string" or #value > LENGTH_MOST or value:find("[%c%s#\\]") or not utf8.len(value) then
		return false
	end
	local scheme = value:match("^(%a[%w+.-]*)://[^/?]")
	scheme = scheme and scheme:lower()
	return scheme ~= nil and (scheme ~= "http" and scheme ~= "https" or http.parse_url(value) ~= nil)
end

--- What is wrong with a list of redirect URIs, or nil.
---@param list any
---@return string?
function redirect_uris.problem(list)
	if not json.is_array(list) or #list == 0 then
		return "redirect_uris must be a list with at least one URI"
	elseif #list > assumptions.redirect_uris_most then
		return ("redirect_uris can have at most %d URIs"):format(assumptions.redirect_uris_most)
	end
	for _, uri in ipairs(list) do
		if not redirect_uris.is_absolute(uri) then
			return "redirect_uris must be absolute URIs without a fragment"
		end
	end
end

--- Whether a redirect URI can get a code: plain http is for this machine only. fosite accepts the name localhost only;
--- the sandbox accepts loopback addresses too, unless `strictly`.
---@param uri string
---@param strictly boolean
---@return boolean
function redirect_uris.is_secure(uri, strictly)
	local parts = uri:lower():find("^http:") and http.parse_url(uri)
	local host = parts and parts.host
	return not host
		or host == "localhost"
		or host:find("%.localhost$") ~= nil
		or not strictly and (host == "127.0.0.1" or host == "[::1]" or host == "::1")
end

return redirect_uris
