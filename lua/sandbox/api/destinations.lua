-- Destinations of a source: get, list, create, update with a mask, delete.
local body = require "api.body"
local catalog = require "catalog"
local db = require "partnerapp.db"
local deep_equal = require "deep_equal"
local errors = require "api.errors"
local fields = require "api.destination_fields"
local paging = require "api.paging"
local paths = require "api.paths"
local resource = require "api.resource"
local scopes = require "oauth.scopes"
local store = require "store"
local view = require "api.destination_view"

local function find(req)
	return db.row("SELECT * FROM destinations WHERE name = ?", paths.destination(req))
end

local function find_source(req)
	return db.row("SELECT name FROM sources WHERE name = ?", paths.source(req))
end

local function needs(setting)
	return errors.invalid(setting .. " is required to enable the destination")
end

local function get(_, row)
	return view.reply(row)
end

local function list(req, source)
	local sql = "SELECT * FROM destinations WHERE source = ? ORDER BY name"
	return paging.rows(req, "destinations", view.text, sql, source.name)
end

local function insert(row)
	local made = store.insert(
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
	return made and view.reply(row) or errors.already_exists "destination already exists"
end

local function create(req, source)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local asked, prefix = value.destination, source.name .. "/destinations/"
	local slug = type(asked) == "table" and paths.below(asked.name, prefix)
	if not slug then
		return errors.invalid("destination.name must be " .. prefix .. "<slug of the catalog>")
	end
	local item = catalog.find(slug)
	if not item then
		return errors.not_found "no such destination in the catalog"
	end
	local read, problem = fields.read(item, asked.name, asked)
	if not read then
		return errors.invalid(problem)
	end
	local missing = read.enabled and fields.missing(item, read.config or {})
	if missing then
		return needs(missing)
	end
	local now = store.now()
	return insert {
		name = asked.name,
		source = source.name,
		slug = slug,
		enabled = read.enabled or false,
		connection_mode = read.connection_mode or "UNSPECIFIED",
		config = store.encode(read.config or {}),
		create_time = now,
		update_time = now,
	}
end

-- The new fields and settings of a row. A field that the mask names and the request does not have gets its empty value
-- (A31); settings that the request does not have keep their values.
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
	local missing = new.enabled and (named.enabled or named.config) and fields.missing(catalog.of(row.slug), values)
	if missing then
		return needs(missing)
	end
	local same = new.enabled == (row.enabled == 1)
		and new.connection_mode == row.connection_mode
		and deep_equal(values, store.decode(row.config))
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

-- The body may lack the resource: then the mask says which fields become empty.
local function update(req, row)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local asked = body.field(value, "destination")
	local read, problem = fields.read(catalog.of(row.slug), row.name, asked == nil and {} or asked)
	local named
	if read then
		named, problem = body.mask(value, "destination", fields.names)
	end
	if not named then
		return errors.invalid(problem)
	elseif next(named) == nil then
		return view.reply(row)
	end
	return apply(row, read, named)
end

-- The body names the destination to create, and a token of one destination may create only that one. When the body
-- names none, the handler says what is wrong with it.
local function own_of_body(req, token)
	local value = body.object(req)
	local asked = value and value.destination
	local name = type(asked) == "table" and asked.name
	local slug = type(name) == "string" and name:match "/destinations/(.+)$"
	return paths.source(req), slug or scopes.destination(token.scope)
end

local delete = resource.deletion {
	"DELETE FROM filters WHERE destination = ?",
	"DELETE FROM metrics WHERE destination = ?",
	"DELETE FROM destinations WHERE name = ?",
}

return function(app)
	resource.add(app, "/v1beta/workspaces/:workspace/sources/:source/destinations", "/:destination", {
		parent = find_source,
		find = find,
		about = { create = own_of_body, get = paths.own, patch = paths.own, delete = paths.own },
		list = list,
		create = create,
		get = get,
		patch = update,
		delete = delete,
	})
end
