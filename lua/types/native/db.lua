---@meta native.db
-- SQL with bound parameters on the database of the server that runs the script (src/native/db.c). Parameters are nil,
-- booleans (stored as 0 and 1), integers, floats, strings (stored as TEXT) and db.blob values. Results are nil,
-- integers, floats and strings.
--
-- Codes of errors: "constraint" (unique, not null …), "busy" (locked by another process for 5 s), "full" (disk),
-- "too_long" (1 s of CPU, 128 MiB of memory), "denied" (what an app may not use), "syntax", "database" (anything else).

---@class native.db
local db = {}

--- Runs one statement that reads. At most 10,000 rows.
---@param sql string
---@param ... any one for each `?`
---@return table<string, any>[]? rows, string? message, string? code
function db.query(sql, ...) end

--- The first row of a query; false when there is none.
---@return table<string, any>|false|nil row, string? message, string? code
function db.row(sql, ...) end

--- Runs one statement that writes. It is durable (fsynced) when exec returns; inside a transaction, when that ends.
---@return integer? changes, string? message, string? code
---@return table<string, any>? row the first row of a RETURNING clause, in the place of the message
function db.exec(sql, ...) end

--- exec without waiting for the disk: the change survives kill -9 of the process, but not a power cut. For claims and
--- sessions, which may be lost.
---@return integer? changes, string? message, string? code
function db.exec_soon(sql, ...) end

--- Runs `body` in one write transaction (BEGIN IMMEDIATE) and commits what it returns; rolls back when it raises (the
--- error goes on) or returns nil. Other writers wait meanwhile, so `body` must make no calls out. Raises inside another
--- transaction.
---@param body fun(): any ...
---@return any ... what body returned, or nil, message, code when the commit failed
function db.transaction(body) end

--- Marks a string to be stored as bytes.
---@param bytes string
---@return userdata
function db.blob(bytes) end

--- The functions above for app scripts: their statements may not use tables whose names begin with "pa_", ATTACH,
--- PRAGMA, virtual tables, BEGIN or functions of extensions (ST-12). Nothing may make temporary tables.
---@type native.db
db.guarded = nil

--- Empties the write-ahead log, so that no file has deleted values any more. For the library only.
---@return true?, string? message, string? code
function db.wipe() end

--- Runs several statements without parameters, for migrations. Inside a transaction only.
---@param sql string
---@return true?, string? message, string? code
function db.script(sql) end

--- Copies the database file to PATH.suffix, as it was before the open transaction. Inside a transaction only; for the
--- library only.
---@param suffix string
---@return true?, string? message, string? code
function db.back_up(suffix) end

return db
