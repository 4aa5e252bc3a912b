-- Cookies with the attributes of HT-01. With https a cookie is Secure and its name begins with "__Host-", so that no
-- other host can set it; scripts use the name without that prefix.
local config = require "partnerapp.config"
local native = require "native.request"

local cookie = {}

---@param name string
---@return string the name as browsers see it
function cookie.name(name)
	return config.https and "__Host-" .. name or name
end

local OPTIONS = { max_age = true, same_site = true }
local SAME_SITE = { Lax = true, Strict = true }

local function check(name, value, options)
	local problem = type(name) ~= "string" and "name"
		or type(value) ~= "string" and "value"
		or native.cookie_problem(name, value)
	if problem == "name" then
		error("cookie.set: '" .. tostring(name) .. "' cannot be a cookie's name", 3)
	elseif problem then
		error("cookie.set: the value of '" .. name .. "' has bytes that a cookie cannot carry; encode it", 3)
	end
	for option in pairs(options) do
		if not OPTIONS[option] then
			error("cookie.set: unknown option '" .. tostring(option) .. "'", 3)
		end
	end
	if options.same_site and not SAME_SITE[options.same_site] then
		error("cookie.set: same_site is 'Lax' or 'Strict'", 3)
	end
	if options.max_age and math.type(options.max_age) ~= "integer" then
		error("cookie.set: max_age is an integer, in seconds", 3)
	end
end

-- The attributes, which come after name and value.
local function attributes(options)
	local text = "; Path=/; HttpOnly; SameSite=" .. (options.same_site or "Lax")
	if options.max_age then
		text = text .. "; Max-Age=" .. options.max_age
	end
	return config.https and text .. "; Secure" or text
end

local function add(response, line)
	local headers = response.headers or {}
	response.headers = headers
	local lines = headers["set-cookie"]
	if type(lines) ~= "table" then
		lines = { lines }
		headers["set-cookie"] = lines
	end
	lines[#lines + 1] = line
end

--- The parts of a cookie's line before the name and after the value, for callers whose names and values need no check.
---@param options {max_age: integer?, same_site: "Lax"|"Strict"|nil}
---@return string before, string after
function cookie.frame(options)
	return config.https and "__Host-" or "", attributes(options)
end

--- Sets a cookie: HttpOnly, SameSite=Lax and Path=/; until the browser ends, unless max_age is given.
---@param response partnerapp.response
---@param name string
---@param value string
---@param options {max_age: integer?, same_site: "Lax"|"Strict"|nil}?
---@return partnerapp.response the same one
function cookie.set(response, name, value, options)
	options = options or {}
	check(name, value, options)
	add(response, cookie.name(name) .. "=" .. value .. attributes(options))
	return response
end

---@param response partnerapp.response
---@param name string
---@return partnerapp.response
function cookie.clear(response, name)
	return cookie.set(response, name, "", { max_age = 0 })
end

---@param req partnerapp.request
---@param name string
---@return string?
function cookie.get(req, name)
	return req.cookies[cookie.name(name)]
end

return cookie
