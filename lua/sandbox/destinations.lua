-- Destinations of a source: get, list, create, update with a mask, delete.
local access = require "access"
local assumptions = require "assumptions"
local body = require "body"
local catalog = require "catalog"
local checks = require "checks"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local pages = require "pages"
local reply = require "partnerapp.reply"
local store = require "store"

local MODES = { UNSPECIFIED = true, CLOUD = true, DEVICE = true }
local FIELDS = { enabled = true, config = true, connection_mode = true }
local OUTPUT_ONLY = { name = true, parent = true, display_name = true, create_time = true, update_time = true }

local function source_of(req)
	return ("workspaces/%s/sources/%s"):format(req.params.workspace, req.params.source)
end

local function name_of(req)
	return source_of(req) .. "/destinations/" .. req.params.destination
end

local function shown(row)
	local item = catalog.find(row.slug)
	local values = store.decode(row.config)
	local config = json.array {}
	for i, setting in ipairs(item.settings) do
		local value = values[setting.name]
		if value == nil then
			value = setting.default
			if setting.type == "LIST" or setting.type == "MIXED" then
				value = json.array {}
			end
		end
		config[i] = {
			name = row.name .. "/config/" .. setting.name,
			display_name = setting.display_name,
			value = value,
			type = setting.type:lower(),
		}
	end
	return {
		name = row.name,
		parent = row.source,
		display_name = item.display_name,
		enabled = row.enabled == 1,
		connection_mode = row.connection_mode,
		config = config,
		create_time = row.create_time,
		update_time = row.update_time,
	}
end

-- The values of a request's config list by setting, or nil and what is wrong.
local function read_config(item, name, list)
	if not json.is_array(list) then
		return nil, "config must be a list"
	end
	local values, prefix = {}, name .. "/config/"
	for _, entry in ipairs(list) do
		local full = type(entry) == "table" and entry.name
		if type(full) ~= "string" or full:sub(1, #prefix) ~= prefix then
			return nil, "each entry of config needs a name that begins with " .. prefix
		end
		local key = full:sub(#prefix + 1)
		local setting = item.by_name[key]
		if not setting then
			return nil, "unknown setting " .. key
		end
		local problem = entry.value ~= nil and entry.value ~= json.null and checks.problem(setting, entry.value)
		if problem then
			return nil, key .. " " .. problem
		end
		values[key] = entry.value ~= json.null and entry.value or nil
	end
	return values
end

local function missing_setting(item, values)
	if not assumptions.A28_required_when_enabled then
		return nil
	end
	for _, setting in ipairs(item.settings) do
		if setting.required and checks.is_empty(values[setting.name]) then
			return setting.name
		end
	end
end

-- What a request says of a destination, or nil and what is wrong: fields that are absent stay nil.
local function read_fields(app, item, name, asked)
	if type(asked) ~= "table" then
		return nil, "destination is missing"
	end
	local fields, problem = {}, nil
	if asked.enabled ~= nil then
		fields.enabled = body.boolean(app, asked.enabled)
		if fields.enabled == nil then
			return nil, "enabled must be a boolean"
		end
	end
	if asked.connection_mode ~= nil then
		if not MODES[asked.connection_mode] then
			return nil, "connection_mode must be UNSPECIFIED, CLOUD or DEVICE"
		end
		fields.connection_mode = asked.connection_mode
	end
	if asked.config ~= nil then
		fields.config, problem = read_config(item, name, asked.config)
		if not fields.config then
			return nil, problem
		end
	end
	for field in pairs(asked) do
		if not FIELDS[field] and not OUTPUT_ONLY[field] and field ~= "update_mask" then
			return nil, "unknown field " .. tostring(field)
		end
	end
	return fields
end

local function create(app, req)
	local value, refusal = body.read(app, req)
	if not value then
		return refusal
	end
	local asked, source = value.destination, source_of(req)
	local prefix = source .. "/destinations/"
	local name = type(asked) == "table" and asked.name
	if type(name) ~= "string" or name:sub(1, #prefix) ~= prefix or #name > 512 then
		return errors.api(3, "name must begin with " .. prefix)
	end
	local slug = name:sub(#prefix + 1)
	local item = catalog.find(slug)
	if not item then
		return errors.api(5, "destination " .. slug .. " is not in the catalog")
	end
	local fields, problem = read_fields(app, item, name, asked)
	if not fields then
		return errors.api(3, problem)
	end
	local missing = fields.enabled and missing_setting(item, fields.config or {})
	if missing then
		return errors.api(3, missing .. " is required to enable the destination")
	end
	local now = store.now()
	local made, message, code = db.exec(
		[[INSERT INTO destinations (name, source, slug, enabled, connection_mode, config, create_time, update_time)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)]],
		name,
		source,
		slug,
		fields.enabled or false,
		fields.connection_mode or "UNSPECIFIED",
		store.encode(fields.config or {}),
		now,
		now
	)
	if not made and code == "constraint" then
		return errors.api(6, "destination already exists")
	end
	assert(made, message)
	return reply.json(shown(db.row("SELECT * FROM destinations WHERE name = ?", name)))
end

-- The fields a mask names, or nil and what is wrong. Bare and prefixed paths are the same (A32).
local function read_mask(value)
	local mask = value.update_mask
	if mask == nil and type(value.destination) == "table" then
		mask = value.destination.update_mask -- A29
	end
	local named = {}
	if mask == nil or mask == json.null then
		return named
	end
	local paths = type(mask) == "table" and mask.paths
	if paths == nil then
		return named
	elseif not json.is_array(paths) then
		return nil, "update_mask.paths must be a list"
	end
	for _, path in ipairs(paths) do
		local field = type(path) == "string" and path:gsub("^destination%.", "")
		if not FIELDS[field] then
			return nil, "update_mask: unknown path " .. tostring(path)
		end
		named[field] = true
	end
	return named
end

local function merged(row, fields)
	local values = fields.config and store.decode(row.config) or {}
	for key, value in pairs(fields.config or {}) do
		values[key] = value
	end
	return values
end

local function update(app, req, row)
	local value, refusal = body.read(app, req)
	if not value then
		return refusal
	end
	local item = catalog.find(row.slug)
	local fields, problem = read_fields(app, item, row.name, value.destination)
	local mask
	if fields then
		mask, problem = read_mask(value)
	end
	if not mask then
		return errors.api(3, problem)
	end
	local enabled, mode, config = row.enabled == 1, row.connection_mode, row.config
	if mask.enabled then
		enabled = fields.enabled or false
	end
	if mask.connection_mode then
		mode = fields.connection_mode or "UNSPECIFIED"
	end
	local values = store.decode(config)
	if mask.config then
		values = merged(row, fields)
		config = store.encode(values)
	end
	local missing = enabled and (mask.enabled or mask.config) and missing_setting(item, values)
	if missing then
		return errors.api(3, missing .. " is required to enable the destination")
	end
	if enabled ~= (row.enabled == 1) or mode ~= row.connection_mode or config ~= row.config then
		assert(
			db.exec(
				"UPDATE destinations SET enabled = ?, connection_mode = ?, config = ?, update_time = ? WHERE name = ?",
				enabled,
				mode,
				config,
				store.now(),
				row.name
			)
		)
	end
	return reply.json(shown(db.row("SELECT * FROM destinations WHERE name = ?", row.name)))
end

local function own(req)
	return source_of(req), req.params.destination
end

-- The destination to be created stands in the body; an install of one destination may create just that.
local function own_of_body(app)
	return function(req)
		local value = body.read(app, req)
		local name = value and type(value.destination) == "table" and value.destination.name
		local slug = type(name) == "string" and name:match("/destinations/(.+)$")
		return source_of(req), slug
	end
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/destinations"

	local function with_source(handler)
		return function(req, token)
			if not db.row("SELECT 1 FROM sources WHERE name = ?", source_of(req)) then
				return errors.api(5, "not found")
			end
			return handler(req, token)
		end
	end

	local function with_row(handler)
		return with_source(function(req)
			local row = db.row("SELECT * FROM destinations WHERE name = ?", name_of(req))
			if not row then
				return errors.api(5, "not found")
			end
			return handler(req, row)
		end)
	end

	app:get(
		path,
		access.guard(
			"read",
			with_source(function(req)
				local list = {}
				for i, row in
					ipairs(
						assert(db.query("SELECT * FROM destinations WHERE source = ? ORDER BY name", source_of(req)))
					)
				do
					list[i] = shown(row)
				end
				return pages.reply(req, "destinations", list)
			end)
		)
	)

	app:post(
		path,
		access.guard(
			"write",
			with_source(function(req)
				return create(app, req)
			end),
			own_of_body(app)
		),
		{ csrf = false }
	)

	app:get(
		path .. "/:destination",
		access.guard(
			"read",
			with_row(function(_, row)
				return reply.json(shown(row))
			end),
			own
		)
	)

	app:patch(
		path .. "/:destination",
		access.guard(
			"write",
			with_row(function(req, row)
				return update(app, req, row)
			end),
			own
		),
		{ csrf = false }
	)

	app:delete(
		path .. "/:destination",
		access.guard(
			"write",
			with_row(function(_, row)
				assert(db.exec("DELETE FROM destinations WHERE name = ?", row.name))
				return reply.json {}
			end),
			own
		),
		{ csrf = false }
	)
end
