-- Creates or updates the library's own tables, after a look whether SECRET_KEY opens what they hold. Not a command: C
-- runs it before a server serves, and commands that use a server's database run it first.
local files = require "native.files"
local store = require "partnerapp.store.schema"
local sys = require "native.sys"

local schema = {}

--- Says on standard error why it failed, for example because a newer version wrote the database (ST-09).
---@return integer exit_code
function schema.run()
	local ok, message, code = store.prepare_all()
	if ok then
		return 0
	end
	files.err(("partnerapp: %s: %s\n"):format(sys.server(), message))
	return code == "key" and 2 or 1
end

return schema
