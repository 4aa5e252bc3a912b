-- JSON: strict when reading, exact when writing. lua-cjson reads; src/native/json.c says what is mended.
local native = require "native.json"

local json = {}

--- null: the only value that stands for it, in both directions. It is truthy: compare with ==.
---@type lightuserdata
json.null = native.null

--- Reads one JSON text: RFC 8259, UTF-8, no duplicate keys, depth at most 64, at most 8 MiB. Integers stay integers,
--- floats floats, an empty array stays one.
---@param text string
---@return any value, string? message with line and column, string? code "bad_json" | "too_deep" | "too_large"
json.decode = native.decode

--- Writes one. What it writes reads back exactly; what JSON cannot hold fails.
---@param value any
---@return string? text, string? message, string? code "bad_value"
json.encode = native.encode

--- Marks a table as an array, so that an empty one is written as []. Returns it; a new one without an argument.
---@param list table?
---@return table
json.array = native.array

--- Whether a table is marked as an array; decode marks every one.
---@param value any
---@return boolean
json.is_array = native.is_array

return json
