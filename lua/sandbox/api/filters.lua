-- Destination filters: list, get, create, update with a mask, delete, and a preview of the effect of a filter.
local access = require "api.access"
local actions = require "filtering.actions"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local fields = require "api.filter_fields"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local store = require "store"

local function find_destination(req)
	return db.row("SELECT 1 FROM destinations WHERE name = ?", paths.destination(req))
end

local function find(req)
	local name = paths.destination(req) .. "/filters/" .. req.params.filter
	return db.row("SELECT name, body FROM filters WHERE name = ?", name)
end

local function shown(row)
	local filter, copy = store.decode(row.body), { name = row.name }
	for field in pairs(fields.names) do
		copy[field] = filter[field]
	end
	return copy
end

local function list(req)
	local sql = "SELECT name, body FROM filters WHERE destination = ? ORDER BY n"
	return paging.rows(req, "filters", shown, sql, paths.destination(req))
end

-- The mask of a creation, which some clients send, is ignored.
local function create(req)
	local asked, refusal = body.resource(req, "filter")
	if not asked then
		return refusal
	end
	local filter, problem = fields.changed({}, asked, fields.names)
	if problem then
		return errors.invalid(problem)
	end
	local destination = paths.destination(req)
	local row = { name = destination .. "/filters/df_" .. store.random(27), body = store.encode(filter) }
	store.insert(
		"INSERT INTO filters (n, name, destination, body) VALUES (?, ?, ?, ?)",
		store.number "filters",
		row.name,
		destination,
		row.body
	)
	return reply.json(shown(row))
end

local function update(req, row)
	local asked, named = body.changes(req, "filter", fields.names)
	if not asked then
		return named
	end
	local filter, problem = fields.changed(store.decode(row.body), asked, named)
	if problem then
		return errors.invalid(problem)
	end
	row.body = store.encode(filter)
	assert(db.exec("UPDATE filters SET body = ? WHERE name = ?", row.body, row.name))
	return reply.json(shown(row))
end

-- What a filter makes of an event, as if the filter were enabled (A42).
local function preview(req)
	local asked, value = body.resource(req, "filter")
	if not asked then
		return value
	end
	local event = value.payload
	if type(event) ~= "table" or json.is_array(event) then
		return errors.invalid "payload must be an event"
	end
	asked.enabled = true
	local filter, problem = fields.changed({}, asked, fields.names)
	if problem then
		return errors.invalid(problem)
	end
	return reply.json { input_payload = event, filtered_payload = actions.apply(event, { filter }) or json.null }
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/destinations/:destination/filters"
	resource.add(app, path, "/:filter", {
		parent = find_destination,
		find = find,
		list = list,
		create = create,
		get = resource.showing(shown),
		patch = update,
		delete = resource.deletion { "DELETE FROM filters WHERE name = ?" },
	})
	app:post("/v1beta/filters/preview", access.guard("read", preview), { csrf = false })
end
