-- What an OAuth server answers with: the token, checked before anyone believes it (OA-17, OA-18).
local http = require "partnerapp.http"
local log = require "native.log"

local token = {}

local HOUR = 3600
local LONGEST = 10 * 365 * 24 * HOUR

--- A client's credentials as RFC 6749 2.3.1 wants them: form-encoded before Basic authentication.
---@param client {id: string, secret: string}
---@return string[] user and password
function token.basic(client)
	return { http.escape(client.id), http.escape(client.secret) }
end

local function expires_in(value)
	if value == nil then
		return HOUR
	end
	if type(value) == "string" and value:find("^%d+$") then
		value = tonumber(value)
	end
	value = math.tointeger(value)
	return value and value > 0 and value <= LONGEST and value or nil
end

-- A list with one name, or that name alone.
local function first_name(value)
	local name = type(value) == "table" and value[1] or value
	if type(value) == "table" and #value == 0 then
		return nil, true
	end
	if name == nil then
		return nil, true
	end
	return name, require("partnerapp.segment").is_name(name)
end

local NAMES = { workspace = "workspace_names", source = "source_names", name = "install_name", app_name = "app_name" }

--- Checks a decoded token response.
---@param body any
---@return {access_token: string, expires_in: integer, scope: string?, name: string?, app_name: string?, workspace: string?, source: string?}? token
---@return string? message, string? code "bad_token"
function token.check(body)
	if type(body) ~= "table" then
		return nil, "The answer is no JSON object", "bad_token"
	end
	local value = body.access_token
	if type(value) ~= "string" or #value > 8192 or not value:find("^[\x21-\x7e]+$") then
		return nil, "The answer has no usable access_token", "bad_token"
	end
	log.mask(value)
	if type(body.token_type) ~= "string" or body.token_type:lower() ~= "bearer" then
		return nil, "The token is not of type bearer", "bad_token"
	end
	local checked = { access_token = value, expires_in = expires_in(body.expires_in) }
	if not checked.expires_in then
		return nil, "The token's expires_in makes no sense", "bad_token"
	end
	checked.scope = type(body.scope) == "string" and body.scope:sub(1, 512) or nil
	for field, source in pairs(NAMES) do
		local name, fine = first_name(body[source])
		if not fine then
			return nil, "The token's " .. source .. " is not a name", "bad_token"
		end
		checked[field] = name
	end
	return checked
end

return token
