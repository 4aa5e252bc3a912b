-- The members of a JSON object in their order. An object that remembers the order has it in its metatable, as a list of
-- names in `__order`. Only this file knows that.
local json = require "partnerapp.json"

local members = {}

local INDEX_MOST = 4294967294 -- the highest array index of JavaScript

--- Whether a value is a JSON array: one with the array mark, or a list that a script wrote.
---@param value any
---@return boolean
function members.is_array(value)
	return type(value) == "table" and (json.is_array(value) or value[1] ~= nil)
end

--- Whether a value is a JSON object: a table that is not an array.
---@param value any
---@return boolean
function members.is_object(value)
	return type(value) == "table" and not members.is_array(value)
end

local function order_of(object)
	local metatable = getmetatable(object)
	return type(metatable) == "table" and metatable.__order or nil
end

--- An empty object that remembers the order of its members.
---@return table
function members.new()
	return setmetatable({}, { __order = {} })
end

local function remove(order, name)
	for at, other in ipairs(order) do
		if other == name then
			table.remove(order, at)
			return
		end
	end
end

--- Sets a member. A new one comes last; a known one keeps its place. nil removes the member.
---@param object table
---@param name string
---@param value any
function members.set(object, name, value)
	local order = order_of(object)
	if order and value == nil then
		remove(order, name)
	elseif order and object[name] == nil then
		order[#order + 1] = name
	end
	object[name] = value
end

--- The number that a name is when it is an array index as JavaScript writes one ("0", "17", not "01").
---@param name any
---@return integer?
function members.index(name)
	if type(name) ~= "string" or #name > 10 or not (name == "0" or name:find "^[1-9]%d*$") then
		return nil
	end
	local index = math.tointeger(tonumber(name))
	return index <= INDEX_MOST and index or nil
end

--- The names of the members in JavaScript's order: array indexes in ascending order, then the names in the order that
--- the object remembers, then the others sorted by name.
---@param object table
---@return string[]
function members.names(object)
	local names, indexes, others, seen = {}, {}, {}, {}
	local function add(name, list)
		seen[name] = true
		list = members.index(name) and indexes or list
		list[#list + 1] = name
	end
	for _, name in ipairs(order_of(object) or {}) do
		if object[name] ~= nil and not seen[name] then
			add(name, names)
		end
	end
	for name in pairs(object) do
		if type(name) == "string" and not seen[name] then
			add(name, others)
		end
	end
	if #indexes > 0 then
		table.sort(indexes, function(a, b)
			return tonumber(a) < tonumber(b)
		end)
		names = table.move(names, 1, #names, #indexes + 1, indexes)
	end
	table.sort(others)
	return table.move(others, 1, #others, #names + 1, names)
end

return members
