-- Where views and static files are: a name with a room in front ("partnerapp/layout") is looked for in that room only,
-- so that no file of an app hides it. A plain name is one of the app's files, else one of the library's.
local scripts = require "native.scripts"

local files = {}

---@class partnerapp.room
---@field name string in native.scripts
---@field label string in front of its files' names in messages

---@type table<string, partnerapp.room> by what the names of a room's files begin with
local ROOMS = {}

for _, room in ipairs(scripts.rooms()) do
	if room.has_pages then
		ROOMS[room.prefix] = { name = room.name, label = room.prefix .. "/" }
	end
end

local APP = { name = "app", label = "" }

--- The room that a name begins with.
---@param name string "partnerapp/layout"
---@return partnerapp.room? room nil for a plain name
---@return string rest of the name
function files.of(name)
	local first, rest = name:match "^([%w_-]+)/(.+)$"
	local room = ROOMS[first]
	return room, room and rest or name
end

local function read_from(room, file)
	return scripts.read(room.name, file) or nil, room.label .. file
end

--- Reads a file of a view or a static file.
---@param folder "views/"|"static/"
---@param name string "layout.html", perhaps with a room in front
---@param inside partnerapp.room? where plain names are looked for, instead of the app and the library
---@return string? bytes nil when there is none
---@return string label what messages call the file
function files.read(folder, name, inside)
	local room, rest = files.of(name)
	room = room or inside
	if room then
		return read_from(room, folder .. rest)
	end
	local bytes, label = read_from(APP, folder .. rest)
	if bytes then
		return bytes, label
	end
	local of_library
	bytes, of_library = read_from(ROOMS.partnerapp, folder .. rest)
	return bytes, bytes and of_library or label
end

return files
