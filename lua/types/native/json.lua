---@meta native.json
-- The strict half of partnerapp.json: what lua-cjson lets through or gets wrong is caught and mended
-- (src/native/json.c). Only partnerapp/json.lua uses it.

---@class native.json
local json = {}

--- null in Lua: the only value that stands for it.
---@type lightuserdata
json.null = nil

--- Reads one JSON text (RFC 8259, UTF-8, no duplicate keys, depth at most 64, at most 8 MiB): scans it strictly, has cjson
--- decode it and mends numbers and empty arrays. Integers beyond 64 bits and floats out of range fail.
---@param text string
---@return any value, string? message with line and column, string? code "bad_json" | "too_deep" | "too_large"
function json.decode(text) end

--- Writes one. Integers and floats read back exactly as they were. Fails for what JSON has not:
--- functions, NaN and infinities, mixed and sparse tables, invalid UTF-8, deeper than 64.
---@param value any
---@return string? text, string? message, string? code "bad_value"
function json.encode(value) end

--- Marks a table as an array, so that it stays one when empty. Returns it.
---@param list table?
---@return table
function json.array(list) end

---@param value any
---@return boolean whether it is a table that json.array marked (decode marks every array)
function json.is_array(value) end

return json
