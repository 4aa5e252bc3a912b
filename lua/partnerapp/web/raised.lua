-- What a script raised: called so that its traceback is kept, and told with its place.
local inspect = require "partnerapp.inspect"
local source = require "partnerapp.web.source"

local raised = {}

-- The handler of xpcall gets a message with the traceback below it (src/script/libs.c); other values as they are.
local function with_traceback(err)
	local message, traceback
	if type(err) == "string" then
		message, traceback = err:match "^(.-)\n(stack traceback:.*)$"
	end
	return { err = message or err, traceback = traceback }
end

local function results(ok, first, ...)
	if ok then
		return true, first, ...
	end
	return false, first.err, first.traceback
end

--- Calls a function.
---@param fn function
---@param ... any its arguments
---@return boolean ok, any result or what it raised
---@return any traceback of a message; the function's second result when it did not raise
function raised.call(fn, ...)
	return results(xpcall(fn, with_traceback, ...))
end

--- What was raised, or returned as the message of a failure, as text.
---@param err any
---@return string
function raised.shown(err)
	local meta = type(err) == "table" and getmetatable(err)
	local is_table = type(err) == "table" and not (type(meta) == "table" and meta.__tostring)
	return is_table and inspect(err) or tostring(err)
end

--- What was raised, as a text that begins with its place. Lua's functions in C, such as ipairs and table.sort, give a
--- message none, and a value that is not a string cannot have one.
---@param err any
---@param traceback string?
---@param where string? "init.lua:8", of what was called: when nothing else says where
---@return string
function raised.text(err, traceback, where)
	local text = raised.shown(err)
	if source.has_place(text) then
		return text
	end
	local place = traceback and source.place(traceback) or where
	return place and ("%s: %s"):format(place, text) or text
end

return raised
