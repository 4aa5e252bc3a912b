-- Log lines of scripts: a message and fields. The host adds the request's id and masks secrets.
local native = require "native.log"
local scripts = require "native.scripts"

local log = {}

local function text_fields(fields)
	local out = {}
	for name, value in pairs(fields) do
		local kind = type(value)
		if kind == "table" then
			value = require "partnerapp.inspect"(value, math.huge)
		elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
			value = tostring(value)
		end
		out[tostring(name)] = value
	end
	return out
end

-- A value as the text of a message; nil when it has none.
local function message_text(message)
	local kind = type(message)
	if kind == "string" then
		return message
	elseif kind == "number" then
		return tostring(message)
	elseif kind == "table" then
		local meta = getmetatable(message)
		return type(meta) == "table" and meta.__tostring and tostring(message) or nil
	end
end

-- Raises at the line that called log.<level> in a wrong way.
local function wrong(level, message, fields, count)
	local what
	if type(message) == "table" and type(fields) == "string" then
		what = ("call log.%s with a dot, not log:%s"):format(level, level)
	elseif type(message) == "table" then
		what = ('the message is a table: give a string before it, as in log.%s("what happened", { … })'):format(level)
	elseif not message_text(message) then
		what = ("the message must be a string, not %s"):format(message == nil and "nil" or "a " .. type(message))
	elseif type(fields) == "table" then
		what = ("a message and one table of fields are all it takes, but there are %d arguments"):format(count)
	elseif tostring(message):find "%%[sdifgxqc]" then
		what = 'format the message first: ("…"):format(…)'
	else
		what = ("the fields must be a table, not a %s: { name = value }"):format(type(fields))
	end
	error(("%s: log.%s: %s"):format(scripts.caller(), level, what), 0)
end

for _, level in ipairs { "debug", "info", "warn", "error" } do
	log[level] = function(message, fields, ...)
		local text = message_text(message)
		if not text or (fields ~= nil and type(fields) ~= "table") or ... ~= nil then
			wrong(level, message, fields, 2 + select("#", ...))
		end
		native.write(level, text, fields and text_fields(fields))
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
