---@meta native.db
-- SQL with bound parameters on the database of the server that runs the script (src/native/db.c). Parameters are nil,
-- booleans (stored 0 and 1), integers, floats, strings (stored as text) and db.blob values; results the same, blobs as strings.
--
-- Codes of failures: "constraint" (unique, not null …), "busy" (locked by another process for 5 s), "full" (disk), "too_long" (1 s of CPU),
-- "denied" (a table that is not the script's), "syntax", "database" (anything else).

---@class native.db
local db = {}

--- One statement that reads. At most 10,000 rows.
---@param sql string
---@param ... any one for each `?`
---@return table<string, any>[]? rows, string? message, string? code
function db.query(sql, ...) end

--- The first row of a query; false when there is none.
---@return table<string, any>|false|nil row, string? message, string? code
function db.row(sql, ...) end

--- One statement that writes. Durable (fsynced) when it returns, unless inside a transaction, which is durable at its end.
---@return integer? changes, string? message, string? code
---@return table<string, any>? row the first one of a RETURNING clause, in place of the message when it succeeded
function db.exec(sql, ...) end

--- exec without waiting for the disk: survives kill -9 of the process, not a power cut. For what is not promised to a
--- user, such as claims and sessions.
---@return integer? changes, string? message, string? code
function db.exec_soon(sql, ...) end

--- Runs `body` in one write transaction (BEGIN IMMEDIATE) and commits what it returns; rolls back when it raises (the error
--- goes on) or returns nil. Other writers wait meanwhile, so no calls out in here. Does not nest: raises.
---@param body fun(): any ...
---@return any ... what body returned, or nil, message, code when the commit failed
function db.transaction(body) end

--- Marks a string to be stored as bytes.
---@param bytes string
---@return userdata
function db.blob(bytes) end

--- From now on, on this VM, statements of `db.guarded` may not touch tables whose names begin with "pa_", sqlite_master's
--- siblings, ATTACH, PRAGMA or load_extension (ST-12). The same functions as above, for app scripts.
---@type native.db
db.guarded = nil

--- Empties the write-ahead log, so that what was deleted is in no file any more. For the library only.
---@return true?, string? message, string? code
function db.wipe() end

--- Runs a script of several statements without parameters. In a transaction only: for migrations.
---@param sql string
---@return true?, string? message, string? code
function db.script(sql) end

--- Copies a database file to PATH.suffix, as it was before the transaction that is open. In a transaction only, and for
--- the library only.
---@param suffix string
---@return true?, string? message, string? code
function db.back_up(suffix) end

return db
