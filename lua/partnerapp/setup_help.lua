-- How an app is set up, for pages that help with that. Never a secret.
local config = require "partnerapp.config"

---@class partnerapp.setup
---@field configured boolean whether the client has its id and secret
---@field sandbox string|false the sandbox's URL, in the demo
---@field redirect_uri string what to register at Segment
---@field id_setting string
---@field secret_setting string
---@field banner string|false what pages say on top, in the demo

local setup_help = {}

--- Whether the client is configured, what to register at Segment, and whether this is the demo.
---@param path string of a mount: "/auth/segment"
---@param client string? the name of its client
---@return partnerapp.setup
function setup_help.setup(path, client)
	local clients = require "partnerapp.oauth.clients" -- late: few requests ask
	local id_setting, secret_setting = clients.setting_names(client)
	local sandbox = config.sandbox_url
	return {
		configured = sandbox ~= nil or clients.configured(client) ~= nil,
		sandbox = sandbox or false,
		redirect_uri = config.public_url .. path .. "/callback",
		id_setting = id_setting,
		secret_setting = secret_setting,
		banner = config.banner,
	}
end

return require("partnerapp.hints.names").strict("partnerapp.setup_help", setup_help)
