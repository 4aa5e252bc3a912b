-- HT-12, HT-13, HT-14: queries and forms mean what another reader of them says, written here with Lua's patterns.
local native = require "native.request"

local FIELDS_MAX = 256

local function decoded(text)
	if text:gsub("%%%x%x", ""):find("%", 1, true) then
		return nil
	end
	text = text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end)
	return utf8.len(text) and not text:find("\0", 1, true) and text or nil
end

-- The names and values in order; nil when one is wrong or there are too many.
local function fields_of(text)
	local list = {}
	for piece in text:gmatch "[^&]+" do
		local name, value = piece:match "^([^=]*)=(.*)$"
		list[#list + 1] = { decoded(name or piece), decoded(value or "") }
		if not list[#list][1] or not list[#list][2] or #list > FIELDS_MAX then
			return nil
		end
	end
	return list
end

return function(data)
	local wanted = fields_of(data)
	local found, message, code = native.parse_form(data)
	assert((wanted ~= nil) == (found ~= nil), message)
	if not wanted then
		assert(code == "bad_form", code)
		return
	end
	local all = {}
	for _, field in ipairs(wanted) do
		local name = field[1]
		all[name] = all[name] or {}
		table.insert(all[name], field[2])
	end
	for name, values in pairs(all) do
		assert(found[name] == values[1], name)
		assert(table.concat(native.values(data, name), "\0") == table.concat(values, "\0"), name)
	end
	for name in pairs(found) do
		assert(all[name], name)
	end
end
