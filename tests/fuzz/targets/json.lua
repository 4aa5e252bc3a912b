-- What decode accepts is written as a text that decodes to the same value (HT-23); gives the code and message of
-- a refusal.
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

return function(data)
	check_string(data)
	local value, message, code = json.decode(data)
	if value == nil then
		assert(type(message) == "string" and message:find "^bad JSON" and code, message)
		return code .. " " .. message
	end
	local text = assert(json.encode(value))
	local again = assert(json.decode(text))
	assert(same(value, again), text)
	assert(same(again, json.decode(assert(json.encode(again)))))
end
