-- JSON, read strictly and written exactly. lua-cjson does the reading; src/native/json.c lists what is corrected.
local native = require "native.json"

local json = {}

--- JSON's null, when reading and when writing. It is truthy in Lua: compare with ==.
---@type lightuserdata
json.null = native.null

--- Reads one JSON value: RFC 8259, UTF-8, depth at most 64, at most 8 MiB. Integers and floats stay apart, and an empty
--- array stays an array. Half of a surrogate pair, which JavaScript writes where a text was cut, is U+FFFD, an integer
--- beyond 64 bits is a float, of members with one name the last counts, and a byte order mark in front is passed over;
--- with `strict` these are refused. With `order` each object remembers the order of its members, in the field `__order`
--- of a metatable of its own; names that are array indexes come first, as in JavaScript, and a name that is there twice
--- has the place of the first.
---@param text string
---@param options {order: boolean?, strict: boolean?}?
---@return any value, string? message with line and column, string? code "bad_json" | "too_deep" | "too_large"
json.decode = native.decode

--- Writes one JSON value. `decode` reads back the same value; a value that JSON cannot hold is an error. Members are in
--- any order. With `javascript` the text is what JSON.stringify makes, the same in every run: members in the order that
--- the object remembers, then the others by name; 1 for 1.0.
---@param value any
---@param options {javascript: boolean?}?
---@return string? text, string? message, string? code "bad_value"
json.encode = native.encode

--- Marks a table as an array, so that an empty one is written as []. Returns that table; a new one without an argument.
---@param list table?
---@return table
json.array = native.array

--- An object that remembers the order of its members, for `encode` with `javascript` and the `json` of a destination's
--- requests: json.object { { "name", value }, … }. A member whose value is nil is left out.
---@param list table[] pairs of a name and a value
---@return table
function json.object(list)
	local object, names = {}, {}
	for i, pair in ipairs(list) do
		local name, value = pair[1], pair[2]
		if type(name) ~= "string" then
			error(("json.object: number %d of the list must be { name, value }"):format(i), 2)
		elseif object[name] ~= nil then
			error(("json.object: the name '%s' is there twice"):format(name), 2)
		elseif value ~= nil then
			object[name], names[#names + 1] = value, name
		end
	end
	return setmetatable(object, { __order = names })
end

--- Whether a table is marked as an array. `decode` marks each array it reads.
---@param value any
---@return boolean
json.is_array = native.is_array

return require("partnerapp.hints.names").strict("partnerapp.json", json)
