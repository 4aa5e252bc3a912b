-- HT-01 TO-07: a cookie that cookie.set takes comes back from the browser's header as it was; others raise. The input:
-- the Cookie header of a request, and "name=value" to set.
local cookie = require "partnerapp.web.cookie"
local native = require "native.request"

-- RFC 6265 4.1.1: a token, and cookie-octets.
local function is_plain(name, value)
	return name:find "^[%w!#$%%&'*+%-.^_`|~]+$" ~= nil and not value:find "[^\x21-\x7E]" and not value:find '[",;\\]'
end

return function(data)
	for name, value in pairs(native.parse_cookies(data)) do
		for _, one in ipairs(native.cookie_values(data, name)) do
			assert(data:find(one, 1, true) and not one:find '[;, \t"]', one)
		end
		assert(name ~= "" and not name:find "[;=]" and not name:find "^[ \t]" and not name:find "[ \t]$", name)
		assert(not value:find ";" and data:find(value, 1, true), value)
	end
	local name, value = data:match "^([^=]*)=(.*)$"
	if not name then
		return
	end
	local response = { status = 200 }
	local taken, message = pcall(cookie.set, response, name, value)
	assert(taken == is_plain(name, value), taken or message)
	if not taken then
		return
	end
	local pair, attributes = response.headers["set-cookie"][1]:match "^([^;]*)(;.*)$"
	assert(attributes == "; Path=/; HttpOnly; SameSite=Lax; Secure", attributes)
	assert(pair:find("^__Host%-partnerapp_%d+_") and pair == cookie.name(name) .. "=" .. value, pair)
	local cookies = native.parse_cookies("other=1; " .. pair .. ";last=2")
	assert(cookies[cookie.name(name)] == value, cookies[cookie.name(name)])
	local found = native.cookie_values(data .. "; " .. pair, cookie.name(name))
	assert(found[#found] == value, found[#found])
	assert(cookies.other == "1" and cookies.last == "2")
end
