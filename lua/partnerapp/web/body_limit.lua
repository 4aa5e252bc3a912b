-- How many bytes the body of a request may have: a route's option `body_limit`. The host asks before it reads a body
-- (src/script/pool.c).
local amount = require "partnerapp.web.amount"
local settings = require "partnerapp.store.settings"

local body_limit = {}

local DEFAULT = 1 << 20 -- BODY_MAX_DEFAULT of src/server/opening.c
local MOST = 16 << 20 -- half of a VM's memory (src/script/heap.h): the other half is for what is made of the body

local FORMS = '8 << 20, or a string such as "8M"'

--- The bytes of a route's option; or nil and what is wrong with it.
---@param value any
---@return integer? bytes, string? message
function body_limit.read(value)
	local bytes
	if type(value) == "string" then
		bytes = amount.bytes(value)
	elseif type(value) == "number" then
		bytes = math.tointeger(value)
	end
	if not bytes then
		local shown = type(value) == "table" and "a table" or ("'%s'"):format(tostring(value))
		return nil, ("body_limit must be a number of bytes, such as %s, not %s"):format(FORMS, shown)
	elseif bytes < 1 then
		return nil, ("body_limit must be at least 1, not %d"):format(bytes)
	elseif bytes > MOST then
		local most = amount.text(MOST)
		return nil,
			("body_limit is %s and may be at most %s: a body and what a script makes of it share 32M"):format(
				amount.text(bytes),
				most
			)
	end
	local memory = amount.bytes(settings.values.SCRIPT_MEMORY or "")
	if memory and memory < 2 * bytes then -- the bytes that came, and the script's string
		local message = "body_limit is %s, which needs a SCRIPT_MEMORY of %s or more: it is %s"
		return nil, message:format(amount.text(bytes), amount.text(2 * bytes), settings.values.SCRIPT_MEMORY)
	end
	return bytes
end

--- The smallest limit that a body may meet in an app; nil when no route has its own.
---@param router table
---@return integer?
function body_limit.least(router)
	local least
	for _, route in ipairs(router.list) do
		if route.body_limit then
			least = math.min(least or DEFAULT, route.body_limit)
		end
	end
	return least
end

--- The limit of the route that answers; nil for the default.
---@param router table
---@param method string
---@param path string
---@return integer?
function body_limit.of(router, method, path)
	local route = router:find { method = method, path = path }
	return route and route.body_limit
end

return body_limit
