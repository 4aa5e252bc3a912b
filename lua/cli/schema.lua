-- Creates or updates the library's own tables. Not a command: C runs it before a server serves. An error ends the
-- start, for example because a newer version wrote the database (ST-09).
local schema = {}

function schema.run()
	for _, name in ipairs { "installs", "flow", "session", "jobs" } do
		local ok, message = require("partnerapp." .. name).prepare()
		if not ok then
			error(message, 0)
		end
	end
	return 0
end

return schema
