-- The settings of an app that was loaded, as `partnerapp config` shows them.
local app_settings = require "partnerapp.store.app_settings"
local log = require "partnerapp.log"
local settings = require "partnerapp.store.settings"

local own = {}

---@class cli.own_setting
---@field name string
---@field value string? what may be shown, secrets as ***; nil when it is not set
---@field from string "environment", the path of .env, "default" or "unset"
---@field secret boolean
---@field help string what it is for, and the app's line

--- The app's settings, sorted by name.
---@param env_file string the path of .env
---@return cli.own_setting[]
function own.all(env_file)
	local list = {}
	for i, one in ipairs(app_settings.all()) do
		local is_set = one.from ~= "unset" and one.from ~= "stand-in"
		local value = is_set and log.masked(tostring(one.value)) or ""
		local is_secret = settings.is_secret(one.name)
		list[i] = {
			name = one.name,
			value = value ~= "" and (is_secret and "***" or value) or nil,
			from = not is_set and "unset" or one.from == ".env" and env_file or one.from,
			secret = is_secret,
			help = one.what and ("%s (required at %s)"):format(one.what, one.where)
				or ("of the app (%s)"):format(one.where),
		}
	end
	return list
end

return own
