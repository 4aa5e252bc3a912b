-- Before a server serves: makes the library's own tables, or brings them up to date. What fails ends the start, such as
-- a database that a newer version wrote (ST-09).
local schema = require "partnerapp.store.schema"

local task = {}

function task.run()
	local ok, message = schema.prepare_all()
	if not ok then
		error(message, 0)
	end
	return 0
end

return task
