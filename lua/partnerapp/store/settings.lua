-- The settings this server was started with, secrets among them. For the library only: apps have partnerapp.config.
local mask = require("native.log").mask
local sys = require "native.sys"
local white_space = require "partnerapp.store.white_space"

local settings = {
	values = {}, ---@type table<string, string> another table after each reading
}

--- Whether a setting's name says that its value is a secret: ACME_API_KEY, but not KEYBOARD.
---@param name string
---@return boolean
function settings.is_secret(name)
	name = name:upper()
	local found = name:find("SECRET", 1, true)
		or name:find("PASSWORD", 1, true)
		or name:find("TOKEN", 1, true)
		or name:find "KEYS?$"
	return found ~= nil
end

-- Of several secrets with commas between them, as in WEBHOOK_SECRET, each is masked too.
local function mask_secret(name, value)
	if not settings.is_secret(name) then
		return
	end
	mask(value)
	if value:find(",", 1, true) then
		for part in value:gmatch "[^,%s]+" do
			mask(part)
		end
	end
end

--- Reads the settings, and masks the secrets among them in the log.
---@return table<string, string> values
function settings.read()
	local values = sys.settings()
	for name, value in pairs(values) do
		mask_secret(name, value)
	end
	settings.values = values
	return values
end

--- A setting whose name the app has chosen: from the server's settings, else from the environment, else from .env.
---@param name string
---@return string? value nil when it is not set or empty
---@return "settings"|"environment"|".env"|nil from where it comes from
function settings.find(name)
	local values = settings.values
	local value, from = values[name], "settings"
	if not value or value == "" then
		value, from = not values.TESTING and sys.env(name) or nil, "environment"
	end
	if not value or value == "" then
		value, from = values["env." .. name], ".env"
	end
	if value and (settings.is_secret(name) or name:find "_CLIENT_ID$") then
		value = white_space.trim(value) -- TO-05
	end
	if not value or value == "" then
		return nil
	end
	mask_secret(name, value)
	return value, from
end

--- Whether a name is a setting of the server (SECRET_KEY), or names the file of one (SECRET_KEY_FILE).
---@param name string
---@return boolean
function settings.is_of_server(name)
	local names = (" %s "):format(settings.values.SERVER_SETTINGS or "")
	return names:find((" %s "):format(name:gsub("_FILE$", "")), 1, true) ~= nil
end

settings.read()

return settings
