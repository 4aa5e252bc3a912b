-- The files of recorded tries: destinations/tests/SLUG/NAME.test.json in an app's folder. What they hold:
-- partnerapp.destination.recordings.
local files = require "native.files"
local json = require "partnerapp.json"
local nearest = require "partnerapp.nearest"
local pretty = require "partnerapp.destination.pretty"
local slugs = require "partnerapp.destination.slug"

local recorded = {}

local FOLDER, ENDING = "/destinations/tests/", ".test.json"

local function folder_of(app, slug)
	return app .. FOLDER .. slugs.file(slug)
end

--- Whether a name can be that of a file.
---@param name string
---@return boolean
function recorded.is_name(name)
	return name:find "^[%w_-]+$" ~= nil and #name <= 100
end

---@param app string the app's folder
---@param slug string
---@param name string
---@return string
function recorded.path(app, slug, name)
	return ("%s/%s%s"):format(folder_of(app, slug), name, ENDING)
end

--- Reads a recording.
---@param path string
---@return table? recording, string? message
function recorded.read(path)
	local bytes, message = files.read(path)
	if not bytes then
		return nil, message
	end
	local recording, problem = json.decode(bytes, { order = true })
	if type(recording) ~= "table" then
		return nil, ("%s: %s"):format(path, problem or "not an object")
	elseif type(recording.settings) ~= "table" or not (recording.event or recording.events) then
		return nil, ("%s is not a recorded try: it has no settings or no event"):format(path)
	end
	return recording
end

--- Writes a recording.
---@param path string
---@param recording table
---@return true?, string? message
function recorded.write(path, recording)
	local made, message = files.make_folder(path:match "^(.*)/")
	if not made then
		return nil, message
	end
	return files.write(path, pretty.json(recording) .. "\n", 420)
end

---@class cli.recorded
---@field slug string the folder's name
---@field name string
---@field path string

--- All recordings of an app, sorted.
---@param app string
---@return cli.recorded[]
function recorded.list(app)
	local list = {}
	for _, slug in ipairs(files.list(app .. FOLDER) or {}) do
		for _, file in ipairs(files.list(app .. FOLDER .. slug) or {}) do
			local name = file:match "^([%w_-]+)%.test%.json$"
			if name then
				list[#list + 1] = { slug = slug, name = name, path = app .. FOLDER .. slug .. "/" .. file }
			end
		end
	end
	return list
end

--- The message about a recorded try that is not there.
---@param app string
---@param slug string
---@param name string
---@return string
function recorded.unknown(app, slug, name)
	local names = {}
	for _, one in ipairs(recorded.list(app)) do
		names[#names + 1] = one.slug == slugs.file(slug) and one.name or nil
	end
	return ("%s has no recorded try '%s'%s"):format(slug, name, nearest(name, names))
end

return recorded
