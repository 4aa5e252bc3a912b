-- After a change of keys: seals what is stored anew, in batches, beside servers that go on writing (ST-03).
local crypto = require "native.crypto"
local db = require "native.db"
local renewal = require "partnerapp.installs.renewal"
local schema = require "partnerapp.store.schema"

local reseal = {}

local BATCH, PASSES = 100, 10
local COLUMNS = { "access_token", "refresh_token" }

-- The name of the key stands in front of what it sealed, behind its length.
local function key_of(sealed)
	return sealed:sub(2, 1 + sealed:byte())
end

-- The row's values sealed with the current key; nil when they are already.
local function renewed(row, current)
	local values, changed = {}, false
	for i, column in ipairs(COLUMNS) do
		local sealed = row[column]
		if sealed and key_of(sealed) ~= current then
			local context = renewal.context(column, row.id)
			local plain, err, code = crypto.unseal(sealed, context)
			if not plain then
				return nil, ("install %s: %s"):format(row.name, err), code
			end
			sealed, changed = crypto.seal(plain, context), true
		end
		values[i] = sealed and db.blob(sealed)
	end
	return changed and values or false
end

-- One batch behind `from`: the last id, how many rows were changed, and how many needed no change.
local function batch(from, current)
	local rows, err, code = db.query(
		[[SELECT id, name, access_token, refresh_token, version FROM pa_installs WHERE id > ? ORDER BY id LIMIT ?]],
		from,
		BATCH
	)
	if not rows then
		return nil, err, code
	end
	local done = { rows = #rows, last = rows[#rows] and rows[#rows].id, changed = 0, current = 0 }
	for _, row in ipairs(rows) do
		local values
		values, err, code = renewed(row, current)
		if values == nil then
			return nil, err, code
		elseif not values then
			done.current = done.current + 1
		else
			-- A token that was renewed meanwhile is another one: the next pass looks at it.
			local changes
			changes, err, code = db.exec(
				"UPDATE pa_installs SET access_token = ?, refresh_token = ? WHERE id = ? AND version = ?",
				values[1],
				values[2],
				row.id,
				row.version
			)
			if not changes then
				return nil, err, code
			end
			done.changed = done.changed + changes
		end
	end
	return done
end

local function pass(current)
	local total, from = { changed = 0, current = 0, rows = 0 }, ""
	repeat
		local done, err, code = db.transaction(function()
			return batch(from, current)
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

--- Seals everything with the current key, until a pass finds nothing that is not.
---@return {key: string, sealed: integer, current: integer}? result, string? message, string? code
function reseal.run()
	local ok, err, code = schema.prepare "installs"
	if not ok then
		return nil, err, code
	end
	local current = crypto.keys()
	local result = { key = current, sealed = 0 }
	for _ = 1, PASSES do
		local done
		done, err, code = pass(current)
		if not done then
			return nil, err, code
		end
		result.sealed = result.sealed + done.changed
		result.current = result.current or done.current
		if done.current == done.rows then
			db.wipe()
			return result
		end
	end
	return nil, "servers go on sealing with the key before: they may need a restart", "busy"
end

return reseal
