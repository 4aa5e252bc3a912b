-- What a request of Segment's local protocol says: its body, with the settings and tokens in it. Nothing comes from
-- .env.
local customer_settings = require "partnerapp.destination.customer_settings"
local json = require "partnerapp.json"
local log = require "native.log"
local mappings = require "partnerapp.destination.mappings"
local members = require "partnerapp.destination.members"

local input = {}

--- The body: a JSON object, whose members keep their order. An absent body is an empty object.
---@param req partnerapp.request
---@return table? body, string? message, integer? status
function input.body(req)
	local text = req.body or ""
	if not text:find "%S" then
		return members.new()
	end
	local body, message, code = json.decode(text, { order = true })
	if code then
		return nil, ("The body is not JSON: %s."):format(message), code == "too_large" and 413 or 400
	elseif not members.is_object(body) then
		return nil, 'The body must be a JSON object: {"payload": …, "settings": …}.', 400
	end
	return body
end

--- A member; nil when it is absent or null.
---@param body table
---@param name string
---@return any
function input.value(body, name)
	local value = body[name]
	if value == json.null then
		return nil
	end
	return value
end

--- A member that is an object; an empty one when it is absent.
---@param body table
---@param name string
---@return table
function input.object(body, name)
	local value = body[name]
	return members.is_object(value) and value or members.new()
end

-- Settings that belong to Segment's own record of a destination.
local NOT_SETTINGS = { oauth = true, subscription = true, subscriptions = true }

--- The customer's settings. null is an absent value, as a script expects. Passwords among them are masked from then on.
---@param destination table see destination/definition
---@param given table
---@return table
function input.settings(destination, given)
	local settings = members.new()
	for _, name in ipairs(members.names(given)) do
		if given[name] ~= json.null and not NOT_SETTINGS[name] then
			members.set(settings, name, given[name])
		end
	end
	customer_settings.mask(destination, settings)
	return settings
end

local function has_setting(destination, name)
	for _, field in ipairs(destination.settings) do
		if field.name == name then
			return true
		end
	end
	return false
end

--- The body of /authenticate is the settings themselves, with the tokens in `oauth`; Segment's documentation also shows
--- both in an object around them.
---@param destination table
---@param body table
---@return table settings, table? auth
function input.credentials(destination, body)
	local inner = body.settings
	local around = members.is_object(inner) and not has_setting(destination, "settings")
	local given = around and inner or body
	return input.settings(destination, given), input.auth(given.oauth or body.oauth)
end

-- The names of tokens at Segment, and here.
local TOKENS = {
	{ "accessToken", "access_token" },
	{ "refreshToken", "refresh_token" },
	{ "clientId", "client_id" },
	{ "clientSecret", "client_secret" },
	{ "refreshTokenUrl", "refresh_token_url" },
}

--- The tokens, by either spelling, masked from then on.
---@param given any
---@return table? auth { access_token, refresh_token, client_id, client_secret, refresh_token_url }
function input.auth(given)
	if not members.is_object(given) then
		return nil
	end
	local auth = {}
	for _, pair in ipairs(TOKENS) do
		local value = given[pair[2]]
		if value == nil then
			value = given[pair[1]]
		end
		auth[pair[2]] = value ~= json.null and value or nil
	end
	for _, name in ipairs { "access_token", "refresh_token", "client_secret" } do
		if type(auth[name]) == "string" then
			log.mask(auth[name])
		end
	end
	return auth
end

--- What a function of the destination returned, by Segment's names.
---@param returned any
---@return any
function input.tokens(returned)
	if type(returned) ~= "table" then
		return returned
	end
	local tokens = members.new()
	for _, pair in ipairs(TOKENS) do
		members.set(tokens, pair[1], returned[pair[2]])
	end
	return tokens
end

--- The mapping: the defaults of the fields, and what the request says in their place. When that is nothing, the event
--- is taken for the payload itself.
---@param action table
---@param body table
---@param event any the event, or the first of a batch
---@return any values
function input.mapping(action, body, event)
	local values = members.new()
	for _, source in ipairs { mappings.defaults(action.fields), input.object(body, "mapping") } do
		for _, name in ipairs(members.names(source)) do
			members.set(values, name, source[name])
		end
	end
	return next(values) == nil and event or values
end

return input
