-- Finds the OAuth client of a mount: in the settings, or in the demo one that the sandbox registers for the mount's
-- scope, so that the scope in a script can be changed at any time.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local mask = require("native.log").mask

local settings = require "partnerapp.store.settings"

local clients = {}

local known, known_of = {}, nil -- by name, and the values they were read from

--- The names of a client's settings: CLIENT_ID and CLIENT_SECRET, or those of another client: "report" is
--- REPORT_CLIENT_ID and REPORT_CLIENT_SECRET.
---@param name string?
---@return string id_setting, string secret_setting
function clients.setting_names(name)
	local prefix = name and name:upper():gsub("[^%w]", "_") .. "_" or ""
	return prefix .. "CLIENT_ID", prefix .. "CLIENT_SECRET"
end

--- The OAuth client of that name, as set: the same table every time, until the settings are read again.
---@param name string?
---@param public boolean? whether it needs no secret (RFC 6749 2.1)
---@return {id: string, secret: string}? client, string? message, string? code "not_set"
function clients.configured(name, public)
	if known_of ~= settings.values then
		known, known_of = {}, settings.values
	end
	local key = name or ""
	local client = known[key]
	if client then
		return client
	end
	local id_setting, secret_setting = clients.setting_names(name)
	local id, secret = settings.find(id_setting), settings.find(secret_setting)
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
	known[key] = client
	return client
end

-- The sandbox gives the same client for the same scope each time, so nothing is kept here.
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

--- The client whose flow has this scope.
---@param name string? whose settings: see clients.configured
---@param scope string
---@param redirect_uri string
---@param server partnerapp.authorization_server? Segment unless said; for another one there is no sandbox
---@return {id: string, secret: string}? client, string? message, string? code
function clients.find(name, scope, redirect_uri, server)
	if config.sandbox_url and (not server or server.is_segment) then
		return register(scope, redirect_uri)
	end
	return clients.configured(name, server and server.authentication == "none")
end

return clients
