-- Checks the answer of a token endpoint before its token is used (OA-17, OA-18).
local http = require "partnerapp.http"
local is_scope = require "partnerapp.oauth.scope"
local json = require "partnerapp.json"
local mask = require("native.log").mask
local names = require "partnerapp.segment.names"

local token_answer = {}

local HOUR = 3600
local LONGEST = 10 * 365 * 24 * HOUR

--- A client's credentials for Basic authentication, form-encoded as RFC 6749 2.3.1 says.
---@param client {id: string, secret: string}
---@return string[] user and password
function token_answer.basic(client)
	return { http.escape(client.id), http.escape(client.secret) }
end

local function bad(message)
	return nil, message, "bad_token"
end

-- A field; null is the same as absent.
local function field(body, name)
	local value = body[name]
	if value ~= json.null then
		return value
	end
end

local function expires_in(value)
	if value == nil then
		return HOUR
	end
	if type(value) == "string" and value:find("^%d+$") then
		value = tonumber(value)
	end
	value = type(value) == "number" and math.tointeger(value)
	return value and value > 0 and value <= LONGEST and value or nil
end

-- The granted scope; nil when the answer has none, for it is then the scope that was asked for.
local function scope_of(value)
	if value == nil or value == "" then
		return nil, true
	end
	return value, is_scope(value)
end

-- A name, or the first of a list of names; nil when it is absent.
local function name_of(value)
	if json.is_array(value) then
		value = value[1]
	end
	return value, value == nil or names.is_name(value)
end

local NAMES = {
	{ "workspace", "workspace_names", "^workspaces/" },
	{ "source", "source_names", "^workspaces/.*/sources/" },
	{ "name", "install_name", "^installs?/" },
	{ "app_name", "app_name", "" },
}

---@class partnerapp.token
---@field access_token string
---@field refresh_token string? Segment gives none
---@field expires_in integer seconds
---@field scope string?
---@field name string? of the install
---@field app_name string?
---@field workspace string?
---@field source string?

local function is_token(value)
	return type(value) == "string" and #value <= 8192 and value:find("^[\x21-\x7e]+$") ~= nil
end

--- Checks a decoded answer.
---@param body any
---@return partnerapp.token? token, string? message, string? code "bad_token"
function token_answer.check(body)
	if type(body) ~= "table" or json.is_array(body) then
		return bad("the answer is not a JSON object")
	end
	local value = field(body, "access_token")
	if not is_token(value) then
		return bad("the answer has no usable access_token")
	end
	mask(value)
	local refresh_token = field(body, "refresh_token")
	if refresh_token ~= nil and not is_token(refresh_token) then
		return bad("the answer has no usable refresh_token")
	end
	if refresh_token then
		mask(refresh_token)
	end
	local kind = field(body, "token_type")
	if type(kind) ~= "string" or kind:lower() ~= "bearer" then
		return bad("the token is not of type bearer")
	end
	local checked =
		{ access_token = value, refresh_token = refresh_token, expires_in = expires_in(field(body, "expires_in")) }
	if not checked.expires_in then
		return bad("the token's expires_in is not a number of seconds")
	end
	local fine
	checked.scope, fine = scope_of(field(body, "scope"))
	if not fine then
		return bad("the token's scope is not a scope")
	end
	for _, known in ipairs(NAMES) do
		local name
		name, fine = name_of(field(body, known[2]))
		if not fine or name and not name:find(known[3]) then
			return bad("the token's " .. known[2] .. " is not the name of a resource at Segment")
		end
		checked[known[1]] = name
	end
	return checked
end

--- The token of a successful answer.
---@param response partnerapp.http.response
---@return partnerapp.token? token, string? message, string? code "bad_token"
function token_answer.read(response)
	local kind = response.headers["content-type"]
	if kind and not kind:lower():find("^application/[%w.+-]*json%s*%f[;%z]") then
		return bad("the answer is not JSON but " .. kind:sub(1, 80))
	end
	local body, _, code = response.json()
	if code then
		return bad("the answer is not JSON")
	end
	return token_answer.check(body)
end

return token_answer
