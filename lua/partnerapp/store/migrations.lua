-- Brings tables up to date: a list of SQL steps is applied from where the database is, each step in one transaction, by
-- one of several processes. The table pa_migrations has a row for each step that was applied (ST-10), with the hash of
-- its SQL: a step that is edited later would be applied in new databases only.
local crypto = require "native.crypto"
local db = require "native.db"
local sys = require "native.sys"

local migrations = {}

local TABLE = [[CREATE TABLE IF NOT EXISTS pa_migrations (module TEXT NOT NULL, step BIGINT NOT NULL,
	applied_at TEXT NOT NULL, hash TEXT, PRIMARY KEY (module, step))]]

-- Of a database whose first steps were applied before there were hashes.
local ADD_HASH = "ALTER TABLE pa_migrations ADD COLUMN hash TEXT"

-- White space does not count: a script may be indented anew.
local function hash_of(sql)
	return crypto.hex(crypto.digest("sha256", (sql:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))))
end

-- The steps that were applied, in their order.
local function read_applied(module)
	return db.query("SELECT step, hash, applied_at FROM pa_migrations WHERE module = ? ORDER BY step", module)
end

-- Makes the table, or adds what it has not got. Another process may do so at the same time.
local function prepare(module)
	local ok, err, code = db.exec(TABLE)
	if not ok then
		return nil, err, code
	end
	local applied = read_applied(module)
	if applied then
		return applied
	end
	ok, err, code = db.exec(ADD_HASH)
	applied = read_applied(module)
	if applied then
		return applied
	end
	return nil, ok and "the table pa_migrations cannot be read" or err, ok and "database" or code
end

-- Applies step n in a transaction that is open. Another process may have applied it since the last look.
local function apply_step(module, n, sql, options)
	local applied, err, code = read_applied(module)
	if not applied or #applied >= n then
		return applied, err, code
	end
	local ok = true
	if options.keep_copy then
		ok, err, code = db.back_up(("before-%s-%d"):format(module:sub(1, 60), n))
	end
	if ok then
		ok, err, code = db.exec(
			"INSERT INTO pa_migrations (module, step, applied_at, hash) VALUES (?, ?, ?, ?)",
			module,
			n,
			sys.timestamp(sys.now()),
			hash_of(sql)
		)
	end
	if not ok then
		return nil, err, code
	end
	-- Last, as a tail call: no Lua runs between a long step and the commit, so a step that spends the CPU budget is
	-- committed before that raises, and the next load finds it done.
	return options.script(sql)
end

--- Raises unless `steps` is a list of strings.
---@param what string "db.migrate"
---@param steps any
function migrations.check(what, steps)
	if type(steps) ~= "table" then
		error(("%s: the steps must be a list of SQL scripts, not a %s"):format(what, type(steps)), 3)
	end
	for n, sql in pairs(steps) do
		if math.type(n) ~= "integer" or n < 1 or n > #steps then
			error(("%s: the steps must be a list, which has no '%s'"):format(what, tostring(n)), 3)
		elseif type(sql) ~= "string" then
			error(("%s: step %d must be a string of SQL, not a %s"):format(what, n, type(sql)), 3)
		end
	end
end

local NEWER = "the database was written by a newer version of this program (%s: step %d, known %d): use that, or a "
	.. "backup"

local EDITED = "step %d was edited after it was applied (%s), and databases that have it would not get the change: put "
	.. "the step back as it was and append the change as a new step; or begin with an empty database, if nothing in this "
	.. "one is needed (`partnerapp config` shows DATABASE_URL)"

-- Compares the steps that were applied with the list. A step from before there were hashes gets that of the list.
local function compare(module, applied, steps)
	if #applied > #steps then
		return nil, NEWER:format(module, #applied, #steps), "newer"
	end
	for n, row in ipairs(applied) do
		local hash = hash_of(steps[n])
		if not row.hash then
			local sql = "UPDATE pa_migrations SET hash = ? WHERE module = ? AND step = ? AND hash IS NULL"
			local ok, err, code = db.exec(sql, hash, module, row.step)
			if not ok then
				return nil, err, code
			end
		elseif row.hash ~= hash then
			return nil, EDITED:format(n, row.applied_at), "edited"
		end
	end
	return true
end

--- Applies what is missing. A database file is copied beside itself (".before-MODULE-N") before a step that follows on
--- those of an earlier time.
---@param module string the name of the list
---@param steps string[] SQL scripts (several statements each), only ever appended to
---@param script fun(sql: string): true?, string?, string? runs one: native.db.script, or that of native.db.guarded
---@return true? applied
---@return string? message
---@return string? code "newer" when a newer program wrote the database, "edited" for an applied step that has changed,
--- or one of native.db
function migrations.apply(module, steps, script)
	-- Each VM asks once; usually nothing is left to apply, and that needs no turn at writing.
	local applied, err, code = read_applied(module)
	if not applied then
		applied, err, code = prepare(module)
	end
	local same
	if applied then
		same, err, code = compare(module, applied, steps)
	end
	if not same then
		return nil, err, code
	end
	local options = { script = script, keep_copy = #applied > 0 }
	for n = #applied + 1, #steps do
		local ok
		ok, err, code = db.transaction(function()
			return apply_step(module, n, steps[n], options)
		end)
		if not ok then
			return nil, #steps > 1 and ("step %d: %s"):format(n, err) or err, code
		end
	end
	return true
end

return migrations
