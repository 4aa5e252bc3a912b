-- Creates or updates the library's own tables. Not a command: C runs it before a server serves. An error ends the
-- start, for example because a newer version wrote the database (ST-09).
local store = require "partnerapp.store.schema"

local schema = {}

function schema.run()
	local ok, message = store.prepare_all()
	if not ok then
		error(message, 0)
	end
	return 0
end

return schema
