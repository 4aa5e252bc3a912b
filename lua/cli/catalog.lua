-- The slugs of the sandbox's destination catalog, for checking an argument before anything starts.
local file_of = require("partnerapp.destination.slug").file
local files = require "native.files"

local catalog = {}

local FOLDER = "/sandbox/catalog/destinations"

--- All slugs, sorted.
---@return string[]
function catalog.slugs()
	local slugs = {}
	for _, name in ipairs(files.list(files.library() .. FOLDER) or {}) do
		slugs[#slugs + 1] = (name:match("^(.+)%.lua$"):gsub("_", ".")) -- a module's name cannot have a dot
	end
	table.sort(slugs)
	return slugs
end

--- Whether a destination can be enabled in the sandbox: of its catalog, or one that an app has a file for.
---@param slug string
---@param app string the folder of the app
---@return boolean
function catalog.has(slug, app)
	if files.stat(("%s/destinations/%s.lua"):format(app, file_of(slug))) then
		return true
	end
	for _, known in ipairs(catalog.slugs()) do
		if known == slug then
			return true
		end
	end
	return false
end

return catalog
