-- Paths into an event: "$.properties.products[0].price".
local javascript = require "partnerapp.destination.javascript"

local paths = {}

-- The names of a path. It is split at points, at a [ before a digit or a quote, and at ] after one: a[b] is one name.
local function split(path)
	local names = {}
	local start, at = 1, 1
	while true do
		at = path:find("[.%[%]]", at)
		if not at then
			break
		end
		local stop
		if path:find("^%.", at) or path:find("^%[[\"'%d]", at) then
			stop = at
		elseif at > 1 and path:find("^[\"'%d]%]", at - 1) then
			stop = select(2, path:find("^%]+", at))
		end
		if stop then
			names[#names + 1] = path:sub(start, at - 1)
			start = stop + 1
		end
		at = (stop or at) + 1
	end
	names[#names + 1] = path:sub(start)
	return names
end

-- A path without its first "$.".
local function from_root(path)
	local first, last = path:find("$.", 1, true)
	return first and path:sub(1, first - 1) .. path:sub(last + 1) or path
end

--- The names of a path into an event: "$.a.b[0]" has a, b and 0.
---@param path string
---@return string[]
function paths.names(path)
	local names = {}
	for _, name in ipairs(split(from_root(path))) do
		if name ~= "" then
			names[#names + 1] = (name:gsub("[\"']", ""))
		end
	end
	return names
end

--- The value at a path; nil or javascript.undefined when there is none. A false value on the way is the result.
---@param value any
---@param path string "" and "." are the value itself
---@return any
function paths.get(value, path)
	if path == "." then
		return value
	end
	for _, name in ipairs(split(path)) do
		if name ~= "" and javascript.truthy(value) then
			value = javascript.property(value, (name:gsub("[\"']", "")))
		end
	end
	return value
end

--- As `get`, without the first "$." in the path.
---@param value any
---@param path string
---@return any
function paths.from_root(value, path)
	return paths.get(value, from_root(path))
end

return paths
