-- After a change of keys: seals what is stored again, in batches, while servers go on writing (ST-03).
local crypto = require "native.crypto"
local db = require "native.db"
local schema = require "partnerapp.store.schema"
local log = require "partnerapp.log"
local tokens = require "partnerapp.installs.tokens"

local reseal = {}

local BATCH, PASSES = 100, 10

-- One batch after `from`: the last id, how many rows were changed, and how many needed no change.
local function batch(from, key)
	local rows, err, code = tokens.batch(from, BATCH)
	if not rows then
		return nil, err, code
	end
	local done = { rows = #rows, last = rows[#rows] and rows[#rows].id, changed = 0, current = 0 }
	for _, row in ipairs(rows) do
		local changes
		changes, err, code = tokens.reseal(row, key)
		if changes == nil then
			return nil, err, code
		elseif changes then
			done.changed = done.changed + changes -- 0 for a newer token: the next pass looks at it
		else
			done.current = done.current + 1
		end
	end
	return done
end

local function pass(key)
	local total, from = { changed = 0, current = 0, rows = 0 }, ""
	repeat
		local done, err, code = db.transaction(function()
			return batch(from, key)
		end)
		if not done then
			return nil, err, code
		end
		from = done.last
		for _, field in ipairs { "changed", "current", "rows" } do
			total[field] = total[field] + done[field]
		end
	until done.rows < BATCH
	return total
end

--- Seals everything with the current key, until a pass finds nothing that is sealed with another.
---@return {key: string, sealed: integer, current: integer}? result, string? message
---@return string? code "busy" when servers still seal with the key before
function reseal.run()
	local ok, err, code = schema.prepare "installs"
	if not ok then
		return nil, err, code
	end
	local key = crypto.keys()
	local result = { key = key, sealed = 0 }
	for _ = 1, PASSES do
		local done
		done, err, code = pass(key)
		if not done then
			return nil, err, code
		end
		result.sealed = result.sealed + done.changed
		result.current = result.current or done.current
		if done.current == done.rows then
			local wiped
			wiped, err = db.wipe()
			if not wiped then
				log.warn("values of the old key may still be in the database's write-ahead log", { error = err })
			end
			return result
		end
	end
	return nil, "servers go on sealing with the key before: they may need a restart", "busy"
end

return reseal
