-- The routes that are near to an address without a route, for its page in development.
local distance = require "partnerapp.hints.distance"

local SHOWN_MAX = 6
local LENGTH_MAX = 128 -- longer addresses are compared by their beginnings

local function parts_of(path)
	local parts = {}
	for part in path:gmatch "[^/]+" do
		parts[#parts + 1] = part
	end
	return parts
end

-- A route's path with what the address has in the places of its parameters: "/installs/:id" is "/installs/7".
local function filled(route, asked)
	local parts = parts_of(route.path)
	for i, part in ipairs(parts) do
		if part:find "^:" then
			parts[i] = asked[i] or part
		elseif part:find "^%*" then
			parts[i] = table.concat(asked, "/", i)
		end
	end
	return parts
end

-- Whether the first part is the same and no parameter, and the bytes of all parts that are no parameters.
local function compare(route, asked)
	local own, bytes = parts_of(route.path), 0
	for _, part in ipairs(own) do
		bytes = bytes + (part:find "^[:*]" and 0 or #part)
	end
	return own[1] ~= nil and own[1] == asked[1], bytes
end

local function text_of(parts)
	return ("/" .. table.concat(parts, "/")):sub(1, LENGTH_MAX):lower()
end

--- The routes whose paths are near to an address, the nearest first: up to a third of a path's own bytes
--- differs, or its first part is the same.
---@param routes partnerapp.route[]
---@param path string
---@return {method: string, path: string, where: string}[]
return function(routes, path)
	local asked, found = parts_of(path), {}
	local wanted = text_of(asked)
	for i, route in ipairs(routes) do
		local far = distance(wanted, text_of(filled(route, asked)))
		local begins, bytes = compare(route, asked)
		if begins or far <= bytes // 3 then
			found[#found + 1] = { route = route, far = far, order = i }
		end
	end
	table.sort(found, function(a, b)
		if a.far ~= b.far then
			return a.far < b.far
		end
		return a.order < b.order
	end)
	local near = {}
	for i = 1, math.min(#found, SHOWN_MAX) do
		local route = found[i].route
		near[i] = { method = route.method, path = route.path, where = route.where }
	end
	return near
end
