-- Makes the library's tables (store/tables.lua) in a database, or brings them up to date.
local db = require "native.db"

local schema = {}

local LISTS = { "installs", "oauth", "sessions", "jobs", "readiness", "stories" }

local prepared = {} -- by list, once in a VM

--- Makes the tables of one list, or brings them up to date.
---@param list "installs"|"oauth"|"sessions"|"jobs"|"readiness"|"stories"
---@return true?, string? message, string? code "newer" when a newer program wrote the database, or one of native.db
function schema.prepare(list)
	if prepared[list] then
		return true
	end
	local ok, err, code =
		require("partnerapp.store.migrations").apply(list, require("partnerapp.store.tables")[list], db.script)
	prepared[list] = ok
	return ok, err, code
end

--- The same for all tables, after a look whether SECRET_KEY opens what the database holds: before a server serves.
---@return true?, string? message, string? code also "key"
function schema.prepare_all()
	local fine, why, word = require("partnerapp.store.key_proof").check()
	if not fine then
		return nil, why, word
	end
	for _, list in ipairs(LISTS) do
		local ok, err, code = schema.prepare(list)
		if not ok then
			return nil, err, code
		end
	end
	return true
end

return schema
