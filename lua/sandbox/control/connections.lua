-- Connects a destination to a source at once, without a customer's consent: for trying what events become of it.
local api = require "api.setting_values"
local catalog = require "catalog"
local db = require "partnerapp.db"
local fields = require "control.fields"
local json = require "partnerapp.json"
local nearest = require "partnerapp.nearest"
local short = require "partnerapp.short"
local store = require "store"

local connections = {}

local function problem_of_settings(item, settings)
	for name, value in pairs(settings) do
		local setting = item.by_name[name]
		if not setting then
			local names = {}
			for i, one in ipairs(item.settings) do
				names[i] = one.name
			end
			return ("the destination has no setting '%s'%s"):format(tostring(name), nearest(tostring(name), names))
		end
		local problem = api.problem(setting, value)
		if problem then
			return name .. " " .. problem
		end
	end
end

-- The source of that name, else the first one.
local function find_source(name)
	if name == nil then
		return db.row "SELECT name FROM sources ORDER BY n LIMIT 1"
	end
	return type(name) == "string" and db.row("SELECT name FROM sources WHERE name = ?", name)
end

-- What is wrong with a slug that nothing has.
local function unknown_slug(slug)
	if type(slug) ~= "string" then
		return "destination must be a slug of the catalog"
	end
	local slugs = {}
	for i, entry in ipairs(catalog.destinations()) do
		slugs[i] = entry.slug
	end
	return ("neither the catalog nor the app has a destination '%s'%s"):format(short(slug), nearest(slug, slugs, true))
end

local KNOWN = { "source", "destination", "settings", "send" }

local function read(asked)
	local unknown = fields.problem(asked, KNOWN)
	if unknown then
		return nil, unknown
	end
	local source, item = find_source(asked.source), catalog.find(asked.destination)
	local settings = asked.settings == nil and {} or asked.settings
	if not source then
		return nil, "there is no such source"
	elseif not item then
		return nil, unknown_slug(asked.destination)
	elseif type(settings) ~= "table" or json.is_array(settings) and #settings > 0 then
		return nil, "settings must be an object"
	elseif asked.send ~= nil and type(asked.send) ~= "boolean" then
		return nil, "send must be true or false"
	end
	local problem = problem_of_settings(item, settings)
	return not problem and { source = source.name, item = item, settings = settings, send = asked.send } or nil, problem
end

--- Connects a destination and enables it, over a connection of the same two.
---@param asked any { source: its name, the first one unless said; destination: its slug; settings: values by name;
--- send: true sends the requests that the app's file makes, which otherwise are only in the story }
---@return string? problem
function connections.add(asked)
	local given, problem = read(asked)
	if not given then
		return problem
	end
	local now = store.now()
	assert(
		db.exec(
			[[INSERT INTO destinations (name, source, slug, enabled, connection_mode, config, create_time, update_time, send)
			VALUES (?, ?, ?, 1, 'CLOUD', ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET enabled = 1, config = excluded.config, update_time = excluded.update_time,
			send = excluded.send]],
			("%s/destinations/%s"):format(given.source, given.item.slug),
			given.source,
			given.item.slug,
			store.encode(given.settings),
			now,
			now,
			given.send and 1 or 0
		)
	)
end

return connections
