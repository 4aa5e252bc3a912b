-- Brings tables up to date: a list of SQL steps is applied from where the database is, each step in one transaction, by
-- one of several processes. The table pa_migrations counts the steps of each list (ST-10).
local db = require "native.db"
local sys = require "native.sys"

local migrations = {}

local TABLE = [[CREATE TABLE IF NOT EXISTS pa_migrations (module TEXT NOT NULL, step BIGINT NOT NULL,
	applied_at TEXT NOT NULL, PRIMARY KEY (module, step))]]

local function count_applied(module)
	local row, err, code = db.row("SELECT count(*) AS applied FROM pa_migrations WHERE module = ?", module)
	if not row then
		return nil, err, code
	end
	return row.applied
end

-- Applies step n in a transaction that is open. Another process may have applied it since the last look.
local function apply_step(module, n, sql, options)
	local applied, err, code = count_applied(module)
	if not applied or applied >= n then
		return applied, err, code
	end
	local ok = true
	if options.keep_copy then
		ok, err, code = db.back_up(("before-%s-%d"):format(module:sub(1, 60), n))
	end
	if ok then
		ok, err, code = db.exec(
			"INSERT INTO pa_migrations (module, step, applied_at) VALUES (?, ?, ?)",
			module,
			n,
			sys.timestamp(sys.now())
		)
	end
	if not ok then
		return nil, err, code
	end
	-- Last, as a tail call: no Lua runs between a long step and the commit, so a step that spends the CPU budget is
	-- committed before that raises, and the next load finds it done.
	return options.script(sql)
end

local function check(steps)
	if type(steps) ~= "table" then
		error("migrate: the steps must be a list of SQL scripts", 3)
	end
	for n, sql in ipairs(steps) do
		if type(sql) ~= "string" then
			error(("migrate: step %d must be a string of SQL"):format(n), 3)
		end
	end
end

--- Applies what is missing. A database file is copied beside itself (".before-MODULE-N") before a step that follows on
--- those of an earlier time.
---@param module string the name of the list
---@param steps string[] SQL scripts (several statements each), only ever appended to
---@param script fun(sql: string): true?, string?, string? runs one: native.db.script, or that of native.db.guarded
---@return true?, string? message, string? code "newer" when a newer program wrote the database, or one of native.db
function migrations.apply(module, steps, script)
	check(steps)
	-- Each VM asks once; usually nothing is left to apply, and that needs no turn at writing.
	local applied = count_applied(module)
	if applied == #steps then
		return true
	end
	local ok, err, code = db.exec(TABLE)
	if ok then
		applied, err, code = count_applied(module)
	end
	if not ok or not applied then
		return nil, err, code
	elseif applied > #steps then
		local message = "the database was written by a newer version of this program (%s: step %d, known %d): use that, "
			.. "or a backup"
		return nil, message:format(module, applied, #steps), "newer"
	end
	local options = { script = script, keep_copy = applied > 0 }
	for n = applied + 1, #steps do
		ok, err, code = db.transaction(function()
			return apply_step(module, n, steps[n], options)
		end)
		if not ok then
			return nil, err, code
		end
	end
	return true
end

return migrations
