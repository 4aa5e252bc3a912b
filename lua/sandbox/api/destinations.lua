-- Destinations of a source: get, list, create, update with a mask, delete.
local access = require "api.access"
local body = require "api.body"
local catalog = require "catalog"
local setting_values = require "api.setting_values"
local db = require "partnerapp.db"
local errors = require "errors"
local fields = require "api.destination_fields"
local paths = require "api.paths"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
local store = require "store"
local view = require "api.destination_view"

local function find(req)
	return db.row("SELECT * FROM destinations WHERE name = ?", paths.destination(req))
end

local function not_found()
	return errors.api(5, "not found")
end

local function needs(setting)
	return errors.api(3, setting .. " is required to enable the destination")
end

local function get(req)
	local row = find(req)
	return row and view.reply(row) or not_found()
end

local function has_source(req)
	return db.row("SELECT 1 FROM sources WHERE name = ?", paths.source(req))
end

local function list(req)
	if not has_source(req) then
		return not_found()
	end
	local texts = {}
	local sql = "SELECT * FROM destinations WHERE source = ? ORDER BY name"
	for i, row in ipairs(assert(db.query(sql, paths.source(req)))) do
		texts[i] = view.text(row)
	end
	return paging.reply(req, "destinations", texts)
end

local function insert(row)
	local made, message, code = db.exec(
		[[INSERT INTO destinations (name, source, slug, enabled, connection_mode, config, create_time, update_time)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)]],
		row.name,
		row.source,
		row.slug,
		row.enabled,
		row.connection_mode,
		row.config,
		row.create_time,
		row.update_time
	)
	if not made and code == "constraint" then
		return errors.api(6, "destination already exists")
	end
	assert(made, message)
	return view.reply(row)
end

local function create(req)
	if not has_source(req) then
		return not_found()
	end
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local asked, source = value.destination, paths.source(req)
	local name, prefix = type(asked) == "table" and asked.name, source .. "/destinations/"
	if type(name) ~= "string" or name:sub(1, #prefix) ~= prefix then
		return errors.api(3, "destination.name must be " .. prefix .. "<slug of the catalog>")
	end
	local slug = name:sub(#prefix + 1)
	local item = catalog.find(slug)
	if not item then
		return errors.api(5, "no such destination in the catalog")
	end
	local read, problem = fields.read(item, name, asked)
	if not read then
		return errors.api(3, problem)
	end
	local missing = read.enabled and fields.missing(item, read.config or {})
	if missing then
		return needs(missing)
	end
	local now = store.now()
	return insert {
		name = name,
		source = source,
		slug = slug,
		enabled = read.enabled or false,
		connection_mode = read.connection_mode or "UNSPECIFIED",
		config = store.encode(read.config or {}),
		create_time = now,
		update_time = now,
	}
end

-- A row with the named fields as they were given, and its settings: those that were not mentioned keep their values; a
-- field that is named but absent gets its empty value (A31).
local function changed(row, read, named)
	local values = store.decode(row.config)
	local new = { enabled = row.enabled == 1, connection_mode = row.connection_mode }
	if named.enabled then
		new.enabled = read.enabled or false
	end
	if named.connection_mode then
		new.connection_mode = read.connection_mode or "UNSPECIFIED"
	end
	if named.config and not read.config then
		values = {}
	elseif named.config then
		for key, value in pairs(read.config) do
			values[key] = value
		end
	end
	return new, values
end

local function apply(row, read, named)
	local new, values = changed(row, read, named)
	local missing = new.enabled and (named.enabled or named.config) and fields.missing(catalog.find(row.slug), values)
	if missing then
		return needs(missing)
	end
	local same = new.enabled == (row.enabled == 1)
		and new.connection_mode == row.connection_mode
		and setting_values.same(values, store.decode(row.config))
	if same then
		return view.reply(row)
	end
	row.enabled, row.connection_mode, row.config = new.enabled, new.connection_mode, store.encode(values)
	row.update_time = math.max(store.now(), row.update_time + 1)
	assert(
		db.exec(
			"UPDATE destinations SET enabled = ?, connection_mode = ?, config = ?, update_time = ? WHERE name = ?",
			row.enabled,
			row.connection_mode,
			row.config,
			row.update_time,
			row.name
		)
	)
	return view.reply(row, values)
end

local function update(req)
	local row = find(req)
	if not row then
		return not_found()
	end
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local asked = body.field(value, "destination")
	local read, problem = fields.read(catalog.find(row.slug), row.name, asked == nil and {} or asked)
	local named
	if read then
		named, problem = body.mask(value, "destination", fields.names)
	end
	if not named then
		return errors.api(3, problem)
	elseif next(named) == nil then
		return view.reply(row)
	end
	return apply(row, read, named)
end

local function delete(req)
	local row = find(req)
	if not row then
		return not_found()
	end
	assert(db.exec("DELETE FROM filters WHERE destination = ?", row.name))
	assert(db.exec("DELETE FROM metrics WHERE destination = ?", row.name))
	assert(db.exec("DELETE FROM destinations WHERE name = ?", row.name))
	return reply.json {}
end

-- What is to be created stands in the body, and an install of one destination may create just that. A body that cannot
-- be read names no other one: the handler says what is wrong with it.
local function own_of_body(req, token)
	local value = body.object(req)
	local asked = value and value.destination
	local name = type(asked) == "table" and asked.name
	local slug = type(name) == "string" and name:match("/destinations/(.+)$")
	return paths.source(req), slug or (token.scope:match("^destination/(.+)$"))
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/destinations"
	local one = path .. "/:destination"
	local free = { csrf = false }

	app:get(path, access.guard("read", list))
	app:post(path, access.guard("write", create, own_of_body), free)
	app:get(one, access.guard("read", get, paths.own))
	app:patch(one, access.guard("write", store.in_transaction(update), paths.own), free)
	app:delete(one, access.guard("write", store.in_transaction(delete), paths.own), free)
end
