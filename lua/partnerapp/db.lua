-- SQL for an app, with bound parameters, on its server's database. An app makes its tables with migrate; tables that
-- begin with "pa_" are the library's, and an app cannot reach them. Every failure is nil, message, code.
local guarded = require("native.db").guarded
local migrations = require "partnerapp.store.migrations"

local db = {}

--- One statement that reads, at most 10,000 rows: db.query("SELECT … WHERE a = ?", a).
---@param sql string
---@param ... any one for each `?`: nil, boolean, number, string or db.blob(bytes)
---@return table<string, any>[]? rows, string? message, string? code
db.query = guarded.query

--- The first row of a query; false when there is none.
---@return table<string, any>|false|nil row, string? message, string? code
db.row = guarded.row

--- One statement that writes. When it returns, the change is on the disk (in a transaction: when that ends).
---@return integer? changes, table|string|nil row_or_message the first row of a RETURNING clause, string? code
db.exec = guarded.exec

--- exec without waiting for the disk: the change survives the end of the process, but not a power cut.
---@return integer? changes, table|string|nil row_or_message, string? code
db.exec_soon = guarded.exec_soon

--- Runs `body` in one transaction and commits; rolls back when it raises or returns nil. It must not call
--- other servers: nothing else can write meanwhile.
---@param body fun(): any ...
---@return any ...
db.transaction = guarded.transaction

--- Marks a string to be stored as bytes.
db.blob = guarded.blob

--- Brings the app's own tables up to date: applies the steps that are not applied yet, each in one transaction. Raises
--- when that fails, or when a step was edited after it was applied: an app needs the tables it was written for.
---@param module string a name for this list of steps
---@param steps string[] SQL scripts, only ever appended to
---@return true
function db.migrate(module, steps)
	if type(module) ~= "string" then
		error("db.migrate: the name of the list of steps must be a string, not a " .. type(module), 2)
	end
	migrations.check("db.migrate", steps)
	local ok, message = migrations.apply("app:" .. module, steps, guarded.script)
	if not ok then
		error(("db.migrate '%s': %s"):format(module, message), 2)
	end
	return true
end

return require("partnerapp.hints.names").strict("partnerapp.db", db)
