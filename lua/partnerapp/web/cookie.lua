-- The library's own cookies, with the attributes of HT-01. Browsers send a cookie to all programs of a host, whatever
-- their ports: the names begin with "partnerapp_" and the port of PUBLIC_URL, so that neither another program's cookie
-- nor that of an app at another port is taken for ours or replaced by it (TO-07). With https a cookie is Secure and its
-- name begins with "__Host-" too, so that no other host can set it. Callers use the name without all that.
local config = require "partnerapp.config"
local native = require "native.request"

local cookie = {}

local prefix, origin

--- What the names of all our cookies begin with: "partnerapp_8888_", "__Host-partnerapp_443_".
---@return string
function cookie.prefix()
	if origin ~= config.public_url then
		origin = config.public_url
		local port = origin:match ":(%d+)$" or config.https and "443" or "80"
		prefix = (config.https and "__Host-" or "") .. "partnerapp_" .. port .. "_"
	end
	return prefix
end

---@param name string
---@return string the name as browsers see it
function cookie.name(name)
	return cookie.prefix() .. name
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
	return cookie.prefix(), attributes(options)
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

--- The values of a cookie, in the order of the header. There may be several: another program, or a page of an older
--- version, can set a cookie of the same name for a longer path or a wider domain. Callers try each.
---@param req partnerapp.request
---@param name string
---@return string[]
function cookie.values(req, name)
	local header = req:header "cookie"
	return header and native.cookie_values(header, cookie.name(name)) or {}
end

return cookie
