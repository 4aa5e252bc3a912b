-- The schema configuration of a source: what happens to events that its tracking plan does not know.
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local schema_config = require "filtering.schema_config"
local store = require "store"

local DEFAULTS = schema_config.DEFAULTS

local WORDS = {
	common_track_event_on_violations = { ALLOW = true, OMIT_PROPERTIES = true, BLOCK = true },
	common_identify_event_on_violations = { ALLOW = true, OMIT_TRAITS = true, BLOCK = true },
	common_group_event_on_violations = { ALLOW = true, OMIT_TRAITS = true, BLOCK = true },
}

local KNOWN = {}
for name in pairs(DEFAULTS) do
	KNOWN[name] = true
end

local EMPTY = { boolean = false, string = "" }

local function find(req)
	local row = db.row("SELECT schema_config FROM sources WHERE name = ?", paths.source(req))
	return row and schema_config.of(row)
end

local function get(req, config)
	local source = paths.source(req)
	config.name, config.parent = source .. "/schema-config", source
	return reply.json(config)
end

-- The new value of a field that the mask names: the empty value when it is absent, nil when it is not allowed.
local function read(req, name, asked)
	local value = body.field(asked, name)
	if WORDS[name] then
		value = value == nil and "ALLOW" or value
		return WORDS[name][value] and value or nil
	elseif value == nil then
		return EMPTY[type(DEFAULTS[name])]
	elseif type(DEFAULTS[name]) == "boolean" then
		return body.boolean(value)
	end
	local sql = "SELECT 1 FROM sources WHERE workspace = ? AND slug = ?"
	local is_known = value == "" or type(value) == "string" and db.row(sql, req.params.workspace, value)
	return is_known and value or nil
end

local function update(req, config)
	local asked, named = body.changes(req, "schema_config", KNOWN)
	if not asked then
		return named
	end
	for name in pairs(named) do
		config[name] = read(req, name, asked)
		if config[name] == nil then
			return errors.invalid(name .. " cannot have this value")
		end
	end
	assert(db.exec("UPDATE sources SET schema_config = ? WHERE name = ?", store.encode(config), paths.source(req)))
	return get(req, config)
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/schema-config"
	resource.add(app, path, "", { find = find, get = get, patch = update })
end
