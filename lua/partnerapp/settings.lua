-- What an app may know of its own set-up, for pages that help with it. Never a secret.
local config = require "partnerapp.config"

local settings = {}

--- Whether the client is configured, what to register, and whether a sandbox stands in for Segment.
---@param path string of a mount: "/auth/segment"
---@param client string? the name of its client
---@return {configured: boolean, sandbox: string|false, redirect_uri: string, id_setting: string, secret_setting: string, banner: string|false}
function settings.setup(path, client)
	local id_setting, secret_setting = config.client_settings(client)
	local sandbox = config.sandbox_url or false
	return {
		configured = sandbox ~= false or config.client(client) ~= nil,
		sandbox = sandbox,
		redirect_uri = config.public_url .. path .. "/callback",
		id_setting = id_setting,
		secret_setting = secret_setting,
		banner = sandbox and "Demo: a local sandbox stands in for Segment" or false,
	}
end

return settings
