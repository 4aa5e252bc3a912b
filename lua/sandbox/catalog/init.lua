-- The catalog of destinations and sources. Each destination is a file of destinations/, named by its slug; a dot of the
-- slug is "_" in the file's name, because the name of a module cannot have one.
local json = require "partnerapp.json"
local of_app = require "catalog.of_app"
local sources = require "catalog.sources"

local catalog = {}

local SLUGS = {
	"amplitude",
	"appboy",
	"clearbrain",
	"customer.io",
	"facebook-pixel",
	"google-analytics",
	"hubspot",
	"intercom",
	"mixpanel",
	"slack",
	"webhooks",
	"zendesk",
}

-- Segment's lists of its catalog do not have these (docs/segment.md 5), so that ours does not either.
local UNLISTED = { "actions-webhook" }

-- Sorts the settings of an entry, and adds them by name.
local function index(item)
	item.by_name = {}
	table.sort(item.settings, function(a, b)
		return a.name < b.name
	end)
	for _, setting in ipairs(item.settings) do
		item.by_name[setting.name] = setting
	end
	return item
end

local found

local function load(slug)
	return index(require("catalog.destinations." .. slug:gsub("%.", "_")))
end

local function all()
	if not found then
		found = {}
		for i, slug in ipairs(SLUGS) do
			found[i] = load(slug)
			found[slug] = found[i]
		end
		for _, slug in ipairs(UNLISTED) do
			found[slug] = load(slug)
		end
	end
	return found
end

--- The destination of a slug: of the catalog itself, or of the app that runs in the same process.
---@param slug string
---@return table? entry its file, with the settings sorted by name and as `by_name`; nil when the slug is unknown
function catalog.find(slug)
	if type(slug) ~= "string" then
		return nil
	end
	local known = all()[slug]
	if known then
		return known
	end
	local own = of_app.find(slug)
	return own and index(own)
end

--- The entry of a destination that was created. When the app does not have it any more, it has no settings.
---@param slug string
---@return table entry
function catalog.of(slug)
	local methods = { "alias", "group", "identify", "page_view", "track" }
	return catalog.find(slug)
		or index { slug = slug, display_name = slug, settings = {}, methods = methods, of_app = true }
end

local function set_of(names, all_names)
	local set = {}
	for _, name in ipairs(all_names) do
		set[name] = false
	end
	for _, name in ipairs(names) do
		set[name] = true
	end
	return set
end

local function setting_item(setting)
	local item = {
		name = setting.name,
		display_name = setting.display_name or "",
		type = setting.type,
		deprecated = false,
		required = setting.required == true,
		description = setting.display_name or "",
		settings = json.array {},
	}
	if setting.type == "NUMBER" then
		item.number_validators = { min = setting.min or 0, max = setting.max or 0 }
		item.select_validators = setting.options and { select_options = setting.options }
	elseif setting.type == "SELECT" then
		item.select_validators = { select_options = json.array(setting.options or {}) }
	elseif setting.type == "MAP" and (setting.max or setting.options) then
		item.map_validators = {
			regexp = "",
			min = 0,
			max = setting.max or 0,
			map_prefix = setting.map_prefix or "",
			select_options = json.array(setting.options or {}),
		}
	elseif
		setting.type ~= "MAP"
		and setting.type ~= "LIST"
		and setting.type ~= "BOOLEAN"
		and setting.type ~= "MIXED"
	then
		item.string_validators = { regexp = setting.regexp or "" }
	end
	for i, below in ipairs(setting.items or {}) do
		item.settings[i] = setting_item(below)
	end
	return item
end

--- A destination as the Config API shows it.
---@param entry table what `find` returns
---@return table
function catalog.item(entry)
	local item = {
		name = "catalog/destinations/" .. entry.slug,
		display_name = entry.display_name,
		description = entry.description,
		type = "STREAMING",
		website = entry.website,
		status = "PUBLIC",
		logos = { logo = "", mark = "" },
		categories = { primary = entry.category, secondary = "", additional = json.array {} },
		components = json.array {},
		platforms = set_of(entry.platforms, { "browser", "server", "mobile" }),
		methods = set_of(entry.methods, { "alias", "group", "identify", "page_view", "track" }),
		browserUnbundlingSupported = false,
		browserUnbundlingPublic = true,
		settings = json.array {},
	}
	for i, component in ipairs(entry.components) do
		item.components[i] = { type = component }
	end
	for i, setting in ipairs(entry.settings) do
		item.settings[i] = setting_item(setting)
	end
	return item
end

--- The listed destinations, in the order of their slugs.
---@return table[]
function catalog.destinations()
	local list = {}
	for i, entry in ipairs(all()) do
		list[i] = entry
	end
	for _, entry in ipairs(of_app.destinations()) do
		if not all()[entry.slug] then
			list[#list + 1] = index(entry)
		end
	end
	table.sort(list, function(a, b)
		return a.slug < b.slug
	end)
	return list
end

--- All sources as the Config API shows them.
---@return table[]
function catalog.sources()
	local list = {}
	for i, source in ipairs(sources) do
		list[i] = {
			name = "catalog/sources/" .. source[1],
			display_name = source[2],
			description = "Send events from " .. source[2] .. ".",
			categories = json.array { source[3] },
			logos = { logo = "", mark = "" },
		}
	end
	return list
end

--- Whether there is such a source: "catalog/sources/javascript".
---@param name any
---@return boolean
function catalog.has_source(name)
	for _, source in ipairs(sources) do
		if name == "catalog/sources/" .. source[1] then
			return true
		end
	end
	return false
end

return catalog
