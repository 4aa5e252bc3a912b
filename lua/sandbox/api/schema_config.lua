-- What a source does with events that its tracking plan does not know: get, and update with a mask.
local access = require "api.access"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "errors"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local store = require "store"

local DEFAULTS = {
	allow_unplanned_track_events = true,
	allow_unplanned_identify_traits = true,
	allow_unplanned_group_traits = true,
	allow_unplanned_track_event_properties = true,
	allow_track_event_on_violations = false,
	allow_identify_traits_on_violations = true,
	allow_group_traits_on_violations = true,
	allow_track_properties_on_violations = true,
	forwarding_blocked_events_to = "",
	forwarding_violations_to = "",
	common_track_event_on_violations = "ALLOW",
	common_identify_event_on_violations = "ALLOW",
	common_group_event_on_violations = "ALLOW",
}

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
	return row and (store.decode(row.schema_config) or {})
end

local function shown(req, config)
	local answer = { name = paths.source(req) .. "/schema-config", parent = paths.source(req) }
	for name, default in pairs(DEFAULTS) do
		answer[name] = config[name]
		if answer[name] == nil then
			answer[name] = default
		end
	end
	return answer
end

local function get(req)
	local config = find(req)
	return config and reply.json(shown(req, config)) or errors.api(5, "not found")
end

-- The value of a named field: an absent one is empty, nil when it may not be that.
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

local function update(req)
	local config = find(req)
	if not config then
		return errors.api(5, "not found")
	end
	local asked, value = body.resource(req, "schema_config")
	if not asked then
		return value
	end
	local named, problem = body.mask(value, "schema_config", KNOWN)
	if not named then
		return errors.api(3, problem)
	end
	for name in pairs(named) do
		config[name] = read(req, name, asked)
		if config[name] == nil then
			return errors.api(3, name .. " cannot have this value")
		end
	end
	assert(db.exec("UPDATE sources SET schema_config = ? WHERE name = ?", store.encode(config), paths.source(req)))
	return reply.json(shown(req, config))
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/schema-config"
	app:get(path, access.guard("read", get))
	app:patch(path, access.guard("write", store.in_transaction(update)), { csrf = false })
end
