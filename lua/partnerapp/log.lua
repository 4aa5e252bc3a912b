-- Log lines of scripts: a message and fields. The host adds the request's id and masks secrets.
local native = require "native.log"

local log = {}

local function text_fields(fields)
	local out = {}
	for name, value in pairs(fields) do
		local kind = type(value)
		local plain = kind == "string" or kind == "number" or kind == "boolean"
		out[tostring(name)] = plain and value or tostring(value)
	end
	return out
end

for _, level in ipairs { "debug", "info", "warn", "error" } do
	log[level] = function(message, fields)
		native.write(level, tostring(message), fields and text_fields(fields))
	end
end

--- A string with each secret that the log masks as ***: for what a script stores or shows itself.
---@param text string
---@return string
function log.masked(text)
	return native.masked(text)
end

--- The id of the request that is being handled.
---@return string? id nil outside of a request, such as in a job
function log.request_id()
	return native.request_id()
end

---@class partnerapp.log
---@field debug fun(message: string, fields: table<string, any>?)
---@field info fun(message: string, fields: table<string, any>?)
---@field warn fun(message: string, fields: table<string, any>?)
---@field error fun(message: string, fields: table<string, any>?)
return require("partnerapp.hints.names").strict("partnerapp.log", log)
