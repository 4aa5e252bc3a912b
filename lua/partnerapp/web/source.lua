-- The lines of a script or view around the place that a message names, for pages about errors.
local log = require "partnerapp.log"
local scripts = require "native.scripts"

---@class partnerapp.source
---@field file string "views/home.html"
---@field line integer
---@field lines {number: integer, text: string, failing: boolean}[]

local source = {}

-- The place that a message or a line of a traceback names: kind, file and line of a script that can be shown.
local function place_in(text)
	local file, line = text:sub(1, 200):match("^%s*([^:%s]+%.%w+):(%d+):")
	local number = line and math.tointeger(line)
	if not number then -- also of a script's own text, with a number that no line can have
		return nil
	end
	local inside = file:match("^partnerapp/(.+)$")
	local kind = inside and "library" or "app"
	local bytes = scripts.read(kind, inside or file)
	return bytes and { kind = kind, file = file, line = number, bytes = bytes }
end

-- The script line to show: the first line of the app in the traceback, else the library's. A handler that ended with
-- `return reply.…` is not in the traceback any more: then it is the line of its route.
local function find_place(message, traceback, route)
	local first = place_in(message)
	if first and first.kind == "app" then
		return first
	end
	for line in (traceback or ""):gmatch("[^\n]+") do
		local place = place_in(line)
		if place and place.kind == "app" then
			return place
		end
		first = first or place
	end
	return route and place_in(route.where .. ":") or first
end

local AROUND = 5

--- The lines around the place of an error.
---@param message string
---@param traceback string|false|nil
---@param route partnerapp.route?
---@return partnerapp.source|false
function source.of(message, traceback, route)
	local place = find_place(message, traceback, route)
	if not place then
		return false
	end
	local lines, number = {}, 0
	for text in (place.bytes:gsub("\n$", "")):gmatch("[^\n]*") do
		number = number + 1
		if math.abs(number - place.line) <= AROUND then
			lines[#lines + 1] = { number = number, text = log.masked(text), failing = number == place.line }
		end
	end
	return { file = place.file, line = place.line, lines = lines }
end

--- The first place in a traceback that is the app's: "init.lua:8".
---@param traceback string
---@return string?
function source.place(traceback)
	for line in traceback:gmatch "[^\n]+" do
		local place = place_in(line)
		if place and place.kind == "app" then
			return ("%s:%d"):format(place.file, place.line)
		end
	end
end

--- Whether a line begins with a place that can be shown.
---@param line string
---@return boolean
function source.has_place(line)
	return place_in(line) ~= nil
end

--- Whether a traceback has a line of the app.
---@param traceback string
---@return boolean
function source.is_of_app(traceback)
	return source.place(traceback) ~= nil
end

return source
