-- What decode accepts is written as a text that decodes to the same value (HT-23), and the order of names changes
-- nothing but the metatables (TO-01); gives the code and message of a refusal, or why strict reading refuses.
local json = require "partnerapp.json"

local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b and math.type(a) == math.type(b)
	end
	if json.is_array(a) ~= json.is_array(b) then
		return false
	end
	for key, value in pairs(a) do
		if not same(value, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

-- A string that is not JSON may be a value in one: encode refuses it when it is not UTF-8, and only then.
local function check_string(data)
	local text, message, code = json.encode { [data] = data }
	assert((text ~= nil) == (utf8.len(data) ~= nil), message)
	assert(text or code == "bad_value", code)
	assert(not text or same(json.decode(text), { [data] = data }), text)
end

-- Each object's list has the name of each member once.
local function check_names(value)
	if type(value) ~= "table" then
		return
	end
	local count, order = 0, (getmetatable(value) or {}).__order or {}
	for _, member in pairs(value) do
		count = count + 1
		check_names(member)
	end
	for _, name in ipairs(order) do
		assert(value[name] ~= nil, name)
	end
	assert(json.is_array(value) or #order == count, "a name is missing or there twice")
end

return function(data)
	check_string(data)
	local value, message, code = json.decode(data)
	local ordered, ordered_message = json.decode(data, { order = true })
	local strict, strict_message = json.decode(data, { strict = true })
	assert(message == ordered_message and same(value, ordered), "the order changes the value")
	assert(strict == nil or same(strict, value), "strict reading changes the value")
	if value == nil then
		assert(type(message) == "string" and message:find "^bad JSON" and code, message)
		return code .. " " .. message
	end
	local text = assert(json.encode(value))
	local again = assert(json.decode(text))
	assert(same(value, again), text)
	assert(same(again, json.decode(assert(json.encode(again)))))
	check_names(ordered)
	return strict == nil and "strict " .. strict_message or ""
end
