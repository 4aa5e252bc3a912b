-- Names that a table does not have: reading one raises at the reader's line, and says what may have been meant. Right
-- names cost nothing: Lua calls `__index` for a missing one only.
local nearest = require "partnerapp.nearest"

local names = {}

local SHORTEST = 4 -- letters: of shorter names too many are near each other

--- The names of a table's fields that are strings, sorted; those that begin with "_" are the library's own.
---@param table table
---@return string[]
function names.of(table)
	local list = {}
	for name in pairs(table) do
		if type(name) == "string" and name:sub(1, 1) ~= "_" then
			list[#list + 1] = name
		end
	end
	_G.table.sort(list)
	return list
end

local function habit_of(what, name)
	local habits = require "partnerapp.hints.habits"[what]
	return habits and habits[name] and ": use " .. habits[name]
end

--- What may have been meant by a name: what another library calls so, else the nearest name, else all names.
---@param what string "a request": a key of hints/habits.lua, if it has one
---@param name any
---@param known string[]
---@return string end of a message
function names.meant(what, name, known)
	return habit_of(what, name) or nearest(tostring(name), known)
end

--- As `meant`, but nil unless the name is a habit or very near to a known one: for tables that an app adds fields to.
---@param what string
---@param name any
---@param known string[]
---@return string?
function names.surely(what, name, known)
	local habit = habit_of(what, name)
	if habit or #tostring(name) < SHORTEST then
		return habit
	end
	local text = nearest(tostring(name), known, true)
	return text ~= "" and text or nil
end

--- Makes reading an unknown field of a table raise. The table is returned.
---@generic T
---@param what string for the message: "partnerapp.reply"
---@param table T
---@param optional table<string, any>? fields that may be nil
---@return T
function names.strict(what, table, optional)
	return setmetatable(table, {
		__index = function(_, name)
			if optional and optional[name] then
				return nil
			end
			local known = names.of(table)
			for field in pairs(optional or {}) do
				known[#known + 1] = field
			end
			error(("%s has no '%s'%s"):format(what, tostring(name), names.meant(what, name, known)), 2)
		end,
	})
end

return names
