-- What `data.auth` has when a destination with OAuth is tried. At Segment it is from the customer's consent; here it is
-- from .env and the environment, as settings are: ACME_ACCESS_TOKEN.
local customer_settings = require "partnerapp.destination.customer_settings"
local log = require "native.log"
local settings = require "partnerapp.store.settings"

local customer_tokens = {}

local NAMES = { "access_token", "refresh_token", "client_id", "client_secret" }

--- Whether Segment has tokens for a destination.
---@param destination table see destination/definition
---@return boolean
function customer_tokens.are_used(destination)
	return tostring(destination.authentication.scheme):find "^oauth" ~= nil
end

--- The name of the access token in .env.
---@param destination table
---@return string
function customer_tokens.env_name(destination)
	return customer_settings.env_name(destination.slug, "access_token")
end

--- The stand-ins, for a recording.
---@param destination table
---@return table<string, string>? nil when the destination has no OAuth
function customer_tokens.stand_ins(destination)
	if not customer_tokens.are_used(destination) then
		return nil
	end
	local auth = {}
	for _, name in ipairs(NAMES) do
		auth[name] = customer_settings.stand_in(name)
	end
	return auth
end

--- The tokens. Those that are set are masked in log lines from then on.
---@param destination table
---@param stand_ins boolean? "test-access_token" and the like for those that are not set
---@return table<string, string>? auth nil when the destination has no OAuth
function customer_tokens.find(destination, stand_ins)
	if not customer_tokens.are_used(destination) then
		return nil
	end
	local auth = stand_ins and customer_tokens.stand_ins(destination) or {}
	for _, name in ipairs(NAMES) do
		local value = settings.find(customer_settings.env_name(destination.slug, name))
		if value then
			log.mask(value)
			auth[name] = value
		end
	end
	return auth
end

return customer_tokens
