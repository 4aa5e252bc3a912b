-- Which authorization server and client an install belongs to. Its token goes to that server's API only, and it is
-- renewed there only, with its own client, also when one database has installs of several: of a demo and of Segment.
local config = require "partnerapp.config"
local crypto = require "native.crypto"

local belonging = {}

-- The sandbox of a demo keeps its state, and so its installs, when it listens elsewhere: its address does not name it.
local SANDBOX = "sandbox"

--- How rows name the Segment that this app is connected to.
---@return string server, string api_origin
function belonging.segment()
	if config.sandbox_url then
		return SANDBOX, SANDBOX
	end
	return config.segment_id_url, config.segment_api_url
end

--- How rows name an authorization server.
---@param issuer string? nil is Segment
---@return string server, string? api_origin of Segment's Config API; nil for another server
function belonging.of(issuer)
	if issuer then
		return issuer
	end
	return belonging.segment()
end

-- A server in words; with its API when only that differs from ours.
local function describe(server, api_origin, is_api_shown)
	if server == SANDBOX then
		return "a demo's sandbox"
	end
	return is_api_shown and ("%s with the API %s"):format(server, api_origin) or server
end

local UNKNOWN = "it is not known which Segment this install belongs to, for an older version of partnerapp saved it, "
	.. "so it is not called. If it belongs to %s: partnerapp installs adopt %s%s"

local OTHER = "this install belongs to %s and this app is connected to %s, so it is not called"
local OTHER_CLIENT = "this install was made with the client %s, and %s is %s now: set it back, or connect again"

--- Whether calls for an install may be made by this app.
---@param install {id: string, server: string?, api_origin: string?}
---@return true?, string? message
---@return string? code "unknown_server" when a person has to adopt it, "other_server"
function belonging.check(install)
	local server, api_origin = install.server, install.api_origin
	local our_server, our_api = belonging.segment()
	if not server then
		local flag = config.sandbox_url and " --demo" or "" -- the installs of a demo are in another database
		return nil, UNKNOWN:format(describe(our_server, our_api), install.id, flag), "unknown_server"
	elseif not api_origin or server == our_server and api_origin == our_api then
		return true
	end
	local same = server == our_server
	return nil, OTHER:format(describe(server, api_origin, same), describe(our_server, our_api, same)), "other_server"
end

--- The authorization server of an install that belongs here, and the client it was made with.
---@param install partnerapp.install
---@return partnerapp.authorization_server? server, {id: string, secret: string}|string|nil client_or_message
---@return string? code also "other_client" when the settings have another client now
function belonging.parties(install)
	local authorization_server = require "partnerapp.oauth.authorization_server"
	local clients = require "partnerapp.oauth.clients"
	local fine, err, code = belonging.check(install)
	local server, client
	if fine then
		server, err, code = authorization_server.find(not install.api_origin and install.server or nil, install.client)
	end
	if server then
		local scope = install.asked_scope or install.scope
		client, err, code = clients.find(install.client, scope, install.redirect_uri, server)
	end
	if not client then
		return nil, err, code
	elseif client.id ~= install.client_id then
		local of_demo = config.sandbox_url and server.is_segment
		local setting = of_demo and "the demo's client" or clients.setting_names(install.client)
		return nil, OTHER_CLIENT:format(install.client_id, setting, client.id), "other_client"
	end
	return server, client
end

--- A short text that differs for each authorization server, API and client: what a flow is sealed with, so that its
--- code goes to the server and the client that it was begun with.
---@param issuer string? of the mount's server; nil is Segment
---@param client_id string
---@return string
function belonging.mark(issuer, client_id)
	local server, api_origin = belonging.of(issuer)
	local text = table.concat({ server, api_origin or "", client_id }, "\n")
	return crypto.base64url(crypto.digest("sha256", text)):sub(1, 22)
end

return belonging
