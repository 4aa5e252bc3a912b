---@meta native.traffic
-- SQL that reads the database of exchanges (src/native/traffic.c, src/traffic). Its tables: exchanges (a row each),
-- parts (headers and bodies, by id) and words (an index of trigrams over both). Values and errors are those of
-- native.db; the code is "off" when exchanges are not kept.

---@class native.traffic
local traffic = {}

--- Runs one statement that reads. At most 10,000 rows.
---@param sql string
---@param ... any one for each `?`
---@return table<string, any>[]? rows, string? message, string? code
function traffic.query(sql, ...) end

--- The first row of a query; false when there is none.
---@return table<string, any>|false|nil row, string? message, string? code
function traffic.row(sql, ...) end

--- How many exchanges were dropped since the start, how many wait to be stored, and the database's URL; nil when
--- exchanges are not kept.
---@return {dropped: integer, waiting: integer, place: string}?
function traffic.state() end

--- Notes which install the request that runs now is about. Does nothing outside of a request.
---@param id string
function traffic.about(id) end

---@class native.traffic.texts
---@field url string?
---@field error string?
---@field request_headers string? lines "Name: value", each ended by LF
---@field request_body string?
---@field response_headers string? as request_headers
---@field response_body string?

--- The texts of an exchange with its secrets replaced by ***, as they would be stored; bodies to 256 KiB.
---@param texts native.traffic.texts
---@return table<string, string> texts all of them; "" for absent ones
function traffic.redacted(texts) end

return traffic
