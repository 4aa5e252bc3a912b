-- The server's settings as far as an app may know them: no secret. lua/cli/settings.lua finds and checks them.
local address = require "partnerapp.web.address"
local settings = require "partnerapp.store.settings"

---@class partnerapp.config
---@field public_url string where browsers reach the app: an origin, without a slash at its end
---@field public_host string
---@field https boolean whether browsers come over https
---@field development boolean when the public URL is this machine; anything else is production
---@field segment_id_url string Segment's OAuth server: an origin
---@field segment_api_url string Segment's Config API: an origin
---@field sandbox_url string? the sandbox's URL in the demo: the two URLs above are then the same
---@field trusted_proxies string addresses and networks, as TRUSTED_PROXIES has them
---@field banner string|false what pages say on top in the demo
local config = {}

--- Whether a host of a URL is this machine: localhost, a name below it, or a loopback address.
---@param host string "localhost", "127.0.0.1", "[::1]"
---@return boolean
config.is_loopback = address.is_loopback_host

--- Reads the settings again: for tests, which change them.
function config.read()
	local values = settings.read()
	local url = values.PUBLIC_URL or "http://localhost:8888"
	config.public_url = url
	config.public_host = url:match("^%a+://(%[[^%]]+%])") or url:match("^%a+://([^:/]+)")
	config.https = url:find("^https:") ~= nil
	config.development = config.is_loopback(config.public_host)
	config.segment_id_url = values.SEGMENT_ID_URL or "https://id.segmentapis.com"
	config.segment_api_url = values.SEGMENT_API_URL or "https://platform.segmentapis.com"
	config.sandbox_url = values.SANDBOX_URL
	config.trusted_proxies = values.TRUSTED_PROXIES or ""
	config.banner = values.SANDBOX_URL and "Demo: a local sandbox takes the place of Segment" or false
end

config.read()

return require("partnerapp.hints.names").strict("partnerapp.config", config, { sandbox_url = true })
