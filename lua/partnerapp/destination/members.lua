-- The members of a JSON object in their order. An object that remembers the order has it in its metatable, as a list of
-- names in `__order`. Only this file and partnerapp.json know that.
local json = require "partnerapp.json"

local members = {}

local INDEX_MOST = 4294967294 -- the highest array index of JavaScript

--- Whether a value is a JSON array: one with the array mark, or a list that a script wrote.
---@param value any
---@return boolean
function members.is_array(value)
	return type(value) == "table" and (value[1] ~= nil or json.is_array(value))
end

--- Whether a value is a JSON object: a table that is not an array.
---@param value any
---@return boolean
function members.is_object(value)
	return type(value) == "table" and not members.is_array(value)
end

--- Whether two JSON values are equal; the order of members does not count.
---@param a any
---@param b any
---@return boolean
function members.equal(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	elseif members.is_array(a) ~= members.is_array(b) then
		return false
	end
	for name, value in pairs(a) do
		if not members.equal(value, b[name]) then
			return false
		end
	end
	for name in pairs(b) do
		if a[name] == nil then
			return false
		end
	end
	return true
end

local function order_of(object)
	local metatable = getmetatable(object)
	return type(metatable) == "table" and metatable.__order or nil
end

--- An empty object that remembers the order of its members.
---@return table
function members.new()
	return members.ordered({}, {})
end

--- Makes an object remember an order.
---@param object table without a metatable
---@param names string[] of all its members; the object's from now on
---@return table object
function members.ordered(object, names)
	return setmetatable(object, { __order = names })
end

--- A copy of an object, in its order, whose absent members are what `index(copy, name)` returns.
---@param object table
---@param index fun(copy: table, name: any): any
---@return table
function members.guarded(object, index)
	local copy, names = {}, members.names(object)
	for _, name in ipairs(names) do
		copy[name] = object[name]
	end
	return setmetatable(copy, { __order = names, __index = index })
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

-- Moves names that are array indexes to the front, in ascending order.
local function indexes_first(names)
	local indexes, others = {}, {}
	for _, name in ipairs(names) do
		local list = members.index(name) and indexes or others
		list[#list + 1] = name
	end
	table.sort(indexes, function(a, b)
		return tonumber(a) < tonumber(b)
	end)
	return table.move(others, 1, #others, #indexes + 1, indexes)
end

local function is_digit(byte)
	return byte and byte >= 48 and byte <= 57
end

-- Adds the names that the order does not have, sorted. `seen` has those that it has.
local function add_others(names, seen, object)
	local others = {}
	for name in pairs(object) do
		if type(name) == "string" and not seen[name] then
			others[#others + 1] = name
		end
	end
	table.sort(others)
	return table.move(others, 1, #others, #names + 1, names)
end

--- The names of the members in JavaScript's order: array indexes in ascending order, then the names in the order that
--- the object remembers, then the others sorted by name.
---@param object table
---@return string[]
function members.names(object)
	local names, seen, left = {}, {}, 0
	for _, name in ipairs(order_of(object) or {}) do
		if object[name] ~= nil and not seen[name] then
			seen[name] = true
			names[#names + 1] = name
		end
	end
	for _ in pairs(object) do
		left = left + 1
	end
	if left > #names then
		add_others(names, seen, object)
	end
	for _, name in ipairs(names) do
		if is_digit(name:byte()) then
			return indexes_first(names)
		end
	end
	return names
end

return members
