-- Before a server serves: makes the library's own tables, or brings them up to date. What fails ends the start, such as
-- a database that a newer version wrote (ST-09).
local task = {}

function task.run()
	for _, name in ipairs { "installs", "flow", "session", "jobs" } do
		local ok, message = require("partnerapp." .. name).prepare()
		if not ok then
			error(message, 0)
		end
	end
	return 0
end

return task
