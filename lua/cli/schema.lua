-- Creates or updates the library's own tables, after a look whether SECRET_KEY opens what they hold. Not a command: C
-- runs it before a server serves, and commands that use a server's database prepare it first.
local files = require "native.files"
local log = require "partnerapp.log"
local rows = require "partnerapp.installs.rows"
local store = require "partnerapp.store.schema"
local sys = require "native.sys"

local schema = {}

--- Says on standard error why it failed, for example because a newer version wrote the database (ST-09).
---@return integer exit_code
function schema.prepare()
	local ok, message, code = store.prepare_all()
	if ok then
		return 0
	end
	files.err(("partnerapp: %s: %s\n"):format(sys.server(), message))
	return code == "key" and 2 or 1
end

local UNKNOWN = "installs that an older version of partnerapp saved without the Segment that they belong to: %d. They "
	.. "are not called until they are adopted: see `partnerapp installs` and `partnerapp installs adopt --help`"

--- The same before a server serves. Warns of installs that are not called.
---@return integer exit_code
function schema.run()
	local failed = schema.prepare()
	local unknown = failed == 0 and rows.count_unknown() or 0
	if unknown > 0 then
		log.warn(UNKNOWN:format(unknown))
	end
	return failed
end

return schema
