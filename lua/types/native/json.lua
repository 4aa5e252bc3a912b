---@meta native.json
-- The C part of partnerapp.json (src/native/json.c): strict checks around lua-cjson's decoder, and an encoder. Only
-- partnerapp/json.lua uses it.

---@class native.json
local json = {}

--- The one Lua value for JSON's null.
---@type lightuserdata
json.null = nil

--- Reads one JSON text (RFC 8259, UTF-8, depth at most 64, at most 8 MiB). Half of a surrogate pair is U+FFFD, an
--- integer beyond 64 bits a float, of members with one name the last counts, a byte order mark in front is passed over;
--- with `strict` these fail. Numbers out of range fail. Arrays are marked as by json.array.
--- With `order` an object has a list of its members' names in the field `__order` of its metatable.
---@param text string
---@param options {order: boolean?, strict: boolean?}?
---@return any value, string? message with line and column, string? code "bad_json" | "too_deep" | "too_large"
function json.decode(text) end

--- Writes a value as JSON. Integers and floats read back exactly. Fails for values that JSON cannot hold: functions,
--- NaN, infinities, tables that are both list and object, lists with holes, invalid UTF-8, depth of more than 64.
--- With `javascript` the text is the one of JSON.stringify.
---@param value any
---@param options {javascript: boolean?}?
---@return string? text, string? message, string? code "bad_value"
function json.encode(value) end

--- Marks a table as an array, so that an empty one is written as []. Returns the table.
---@param list table?
---@return table
function json.array(list) end

---@param value any
---@return boolean whether it is a table that json.array or json.decode has marked
function json.is_array(value) end

return json
