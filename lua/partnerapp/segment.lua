-- Segment's Config API (v1beta): a client for one token. Every failure is nil, message, code and details: the message
-- says what a person can do, details are { status, code, body } of the answer.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local short = require "partnerapp.short"

---@class partnerapp.segment.client
---@field token fun(): string?, string?, string?
---@field renew (fun(): string?, string?, string?)?
---@field scope string?
local Client = {}
Client.__index = Client

local segment = {}

--- Whether a text is a resource name as Segment gives them, safe to put into a path (OA-18).
---@param name any
---@return boolean
function segment.is_name(name)
	return type(name) == "string"
		and #name <= 512
		and name:find("^[%w_.%-][%w_./%-]*$") ~= nil
		and not name:find("..", 1, true)
		and not name:find("//", 1, true)
		and name:sub(-1) ~= "/"
end

local CODES = {
	[400] = "invalid_argument",
	[401] = "unauthorized",
	[403] = "forbidden",
	[404] = "not_found",
	[409] = "already_exists",
	[429] = "rate_limited",
	[501] = "unimplemented",
}

local ADVICE = {
	unauthorized = "the token has expired or is not permitted to do this%s",
	forbidden = "the install's scope does not allow this%s",
	rate_limited = "too many requests in this minute, try again in the next one",
}

local function describe(client, code, text)
	local advice = ADVICE[code]
	if not advice then
		return text
	end
	local scope = client.scope and (" (scope " .. client.scope .. ")") or ""
	return ("%s: %s"):format(text, advice:format(scope))
end

-- nil, message, code, details of an answer that is no success.
local function failure(client, response, body)
	local code = CODES[response.status] or (response.status >= 500 and "upstream" or "bad_response")
	local text = type(body) == "table" and type(body.error) == "string" and short(body.error)
	if not text then
		local start = utf8.len(response.body) and short(response.body):gsub("%s+", " ") or ""
		text = ("Segment answered %d %s"):format(response.status, start)
	end
	local details = {
		status = response.status,
		code = type(body) == "table" and body.code or nil,
		body = response.body,
	}
	return nil, describe(client, code, text), code, details
end

local function call(token, method, path, body)
	local response, err, code = http.request(config.segment_api_url .. "/v1beta/" .. path, {
		method = method,
		bearer = token,
		json = body,
	})
	if not response then
		return nil, "Segment cannot be reached: " .. err, code
	end
	return response
end

--- One call of the API.
---@param method string
---@param path string below /v1beta/: a resource name, perhaps with a query
---@param body table?
---@return table? resource, string? message, string? code, table? details
function Client:request(method, path, body)
	local token, err, code = self.token()
	if not token then
		return nil, err, code
	end
	local response
	response, err, code = call(token, method, path, body)
	if response and response.status == 401 and self.renew then
		token, err, code = self.renew()
		if not token then
			return nil, err, code
		end
		response, err, code = call(token, method, path, body)
	end
	if not response then
		return nil, err, code
	end
	local value = {}
	if response.body ~= "" then
		value = response.json()
	end
	if response.status ~= 200 and response.status ~= 201 then
		return failure(self, response, value)
	end
	if type(value) ~= "table" or require("partnerapp.json").is_array(value) then
		return nil, "Segment answered something that is no JSON object", "bad_response", { status = response.status }
	end
	return value
end

local function destination_name(source, slug)
	if not segment.is_name(source) then
		error("'" .. tostring(source) .. "' is no name of a source", 3)
	elseif type(slug) ~= "string" or not slug:find("^[%w._%-]+$") then
		error("'" .. tostring(slug) .. "' is no slug of a destination", 3)
	end
	return source .. "/destinations/" .. slug
end

-- { trackingId = "UA-1" } as the list of named values that the API takes.
local function config_list(name, values)
	local keys, list = {}, require("partnerapp.json").array {}
	for key in pairs(values) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	for i, key in ipairs(keys) do
		list[i] = { name = name .. "/config/" .. key, value = values[key] }
	end
	return list
end

local FIELDS = { "enabled", "connection_mode", "config" }

local function check_settings(settings)
	for field in pairs(settings) do
		if field ~= "enabled" and field ~= "connection_mode" and field ~= "config" then
			error("a destination has no setting '" .. tostring(field) .. "': enabled, connection_mode, config", 3)
		end
	end
end

local function destination_body(name, settings)
	local destination = { name = name, enabled = settings.enabled, connection_mode = settings.connection_mode }
	if settings.config then
		destination.config = config_list(name, settings.config)
	end
	return destination
end

--- The destination of that slug on a source.
---@param source string "workspaces/w/sources/s"
---@param slug string "google-analytics"
---@return table? destination, string? message, string? code, table? details
function Client:get_destination(source, slug)
	return self:request("GET", destination_name(source, slug))
end

---@class partnerapp.segment.destination_settings
---@field enabled boolean?
---@field connection_mode "CLOUD"|"DEVICE"|"UNSPECIFIED"|nil
---@field config table<string, any>? by the settings' names

--- Creates it; code "already_exists" when the source has one.
---@param source string
---@param slug string
---@param settings partnerapp.segment.destination_settings
---@return table? destination, string? message, string? code, table? details
function Client:create_destination(source, slug, settings)
	local name = destination_name(source, slug)
	check_settings(settings)
	local body = { destination = destination_body(name, settings) }
	local made, err, code, details = self:request("POST", source .. "/destinations", body)
	if not made and err:find("destination already exists", 1, true) then
		code = "already_exists"
	end
	return made, err, code, details
end

--- Changes what `settings` has, and nothing else: the update mask is made from it.
---@param source string
---@param slug string
---@param settings partnerapp.segment.destination_settings
---@return table? destination, string? message, string? code, table? details
function Client:update_destination(source, slug, settings)
	local name = destination_name(source, slug)
	check_settings(settings)
	local paths = {}
	for _, field in ipairs(FIELDS) do
		if settings[field] ~= nil then
			paths[#paths + 1] = "destination." .. field
		end
	end
	local body = { destination = destination_body(name, settings), update_mask = { paths = paths } }
	body.destination.name = nil
	return self:request("PATCH", name, body)
end

---@param source string
---@param slug string
---@return table? empty, string? message, string? code, table? details
function Client:delete_destination(source, slug)
	return self:request("DELETE", destination_name(source, slug))
end

-- What a setting's name has in it when its value is a secret. A webhook's address is one too.
local SECRET_WORDS = { "key", "secret", "token", "password", "appgroup", "hook" }

local function is_secret(setting)
	local name = tostring(setting.name):lower():match("[^/]*$")
	for _, word in ipairs(SECRET_WORDS) do
		if name:find(word, 1, true) then
			return true
		end
	end
	return setting.type == "password"
end

local function shown_setting(setting)
	local copy = {}
	for field, value in pairs(setting) do
		copy[field] = value
	end
	local value = copy.value
	if value ~= nil and value ~= "" and type(value) ~= "boolean" and is_secret(copy) then
		copy.value = "***"
	end
	return copy
end

--- A destination as it may be shown: secret settings, which Segment gives in clear, as "***".
---@param destination table
---@return table
function segment.public(destination)
	local shown = {}
	for field, value in pairs(destination) do
		shown[field] = value
	end
	if type(destination.config) == "table" then
		shown.config = require("partnerapp.json").array {}
		for _, setting in ipairs(destination.config) do
			shown.config[#shown.config + 1] = type(setting) == "table" and shown_setting(setting) or nil
		end
	end
	return shown
end

--- A client for one token.
---@param options {token: string|fun(): string?, renew: fun()?, scope: string?}
---@return partnerapp.segment.client
function segment.new(options)
	local token = options.token
	if type(token) == "string" then
		local text = token
		token = function()
			return text
		end
	elseif type(token) ~= "function" then
		error("segment.new: a token is needed", 2)
	end
	return setmetatable({ token = token, renew = options.renew, scope = options.scope }, Client)
end

--- Renews an install's token: the one before stops to work at that moment (segment-api 1.4).
---@param client {id: string, secret: string}
---@param install_name string "installs/7"
---@return table? token, string? message, string? code "permanent" when trying again is of no use
function segment.renew_token(client, install_name)
	if not segment.is_name(install_name) then
		return nil, "'" .. tostring(install_name) .. "' is no name of an install", "permanent"
	end
	local token = require "partnerapp.token"
	local response, err, code = http.get(config.segment_api_url .. "/v1beta/" .. install_name .. "/token", {
		basic = token.basic(client),
		headers = { accept = "application/json" },
	})
	if not response then
		return nil, "Segment cannot be reached: " .. err, code
	end
	if response.status == 401 or response.status == 404 then
		local body = response.json()
		local text = type(body) == "table" and type(body.error) == "string" and " " .. short(body.error) or ""
		return nil, ("Segment refused to renew the token (%d%s)"):format(response.status, text), "permanent"
	elseif response.status ~= 200 then
		return nil, ("Segment answered %d to the renewal"):format(response.status), "upstream"
	end
	return token.read(response)
end

return segment
