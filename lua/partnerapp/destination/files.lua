-- The destinations of an app: a file in destinations/ for each, named by its slug with _ for what is not a letter or
-- digit.
local customer_settings = require "partnerapp.destination.customer_settings"
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"
local slugs = require "partnerapp.destination.slug"

local files = {}

local FOLDER = "destinations/"
local NOTHING = "destinations/%s.lua: it returns nothing: end it with `return destination.new { … }`"
local MISPLACED = "the slug '%s' belongs into destinations/%s.lua: rename the file or change the slug"

--- The names of the files, without folder and ending.
---@return string[]
function files.names()
	local names = {}
	for _, name in ipairs(scripts.list("app", FOLDER)) do
		local base = name:match "^destinations/([%w_]+)%.lua$"
		if base and base ~= "init" then
			names[#names + 1] = base
		end
	end
	return names
end

--- Loads a destination by its slug.
---@param slug string
---@return table? destination, string? message with file and line when the file is wrong
---@return "not_found"|"bad_definition"|"other"? code other: the file returns something else
function files.load(slug)
	local base, names = slugs.file(slug), files.names()
	if not scripts.read("app", FOLDER .. base .. ".lua") then
		return nil, ("there is no destination '%s'%s"):format(slug, nearest(base, names)), "not_found"
	end
	local fine, loaded = pcall(require, "destinations." .. base)
	if not fine then
		return nil, tostring(loaded), "bad_definition"
	elseif loaded == true then -- what `require` makes of nothing
		return nil, NOTHING:format(base), "bad_definition"
	elseif type(loaded) ~= "table" or not loaded.actions then
		return nil, ("destinations/%s.lua must end with `return destination.new { … }`"):format(base), "other"
	end
	loaded.slug = loaded.slug or slug
	local problems = customer_settings.problems(loaded)
	if slugs.file(loaded.slug) ~= base then -- events would look for it there
		problems[#problems + 1] = MISPLACED:format(loaded.slug, slugs.file(loaded.slug))
	end
	if #problems > 0 then
		local place = loaded.place .. ": "
		return nil, place .. table.concat(problems, "\n" .. place), "bad_definition"
	end
	return loaded
end

--- The message about an action that a destination does not have.
---@param destination table
---@param name string
---@return string
function files.unknown_action(destination, name)
	local names = {}
	for i, action in ipairs(destination.actions) do
		names[i] = action.name
	end
	return ("%s has no action '%s'%s"):format(destination.name, name, nearest(name, names))
end

return files
