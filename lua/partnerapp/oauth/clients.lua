-- The OAuth client of a mount: from the settings, or, in the demo, one that the sandbox registers for the mount's
-- scope, so that changing the scope in a script just works.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local mask = require("native.log").mask

local clients = {}

-- Asking for the same client again gives the same one, so nothing has to be kept here.
local function register(scope, redirect_uri)
	local response, err, code = http.post(config.sandbox_url .. "/_sandbox/clients", {
		json = { scope = scope, redirect_uris = { redirect_uri }, display_name = "Demo app" },
	})
	if not response then
		return nil, "The sandbox does not answer: " .. err, code
	end
	local client = response.json()
	if
		response.status ~= 200
		or type(client) ~= "table"
		or type(client.client_id) ~= "string"
		or type(client.client_secret) ~= "string"
	then
		local why = type(client) == "table" and client.error or response.body:sub(1, 200)
		return nil, "The sandbox registered no client for scope " .. scope .. ": " .. tostring(why), "sandbox"
	end
	mask(client.client_secret)
	return { id = client.client_id, secret = client.client_secret }
end

--- The client to ask for `scope` with.
---@param name string? whose settings: see config.client
---@param scope string
---@param redirect_uri string
---@param server partnerapp.authorization_server? Segment unless said; no sandbox stands in for another
---@return {id: string, secret: string}? client, string? message, string? code
function clients.find(name, scope, redirect_uri, server)
	if config.sandbox_url and (not server or server.is_segment) then
		return register(scope, redirect_uri)
	end
	return config.client(name, server and server.authentication == "none")
end

return clients
