-- Lets an app that is looked at go on after a migration that fails, so that the others are tried too.
local migrations = require "partnerapp.store.migrations"
local scripts = require "native.scripts"

local failed_migrations = {}

--- Calls a function during which db.migrate does not raise when a list of the app's steps fails.
---@generic T
---@param body fun(): T
---@return T result, string[] problems each with the line that called db.migrate
function failed_migrations.during(body)
	local problems, apply = {}, migrations.apply
	function migrations.apply(module, steps, script)
		local ok, message, code = apply(module, steps, script)
		local name = module:match "^app:(.*)$"
		if ok or not name then
			return ok, message, code
		end
		problems[#problems + 1] = ("%s: db.migrate '%s': %s"):format(scripts.caller(), name, message)
		return true
	end
	local fine, result = pcall(body)
	migrations.apply = apply
	if not fine then
		error(result, 0)
	end
	return result, problems
end

return failed_migrations
