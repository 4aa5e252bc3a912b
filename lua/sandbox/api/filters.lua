-- Destination filters: list, get, create, update with a mask, delete, and a preview of what one would do.
local access = require "api.access"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "errors"
local fields = require "api.filter_fields"
local filtering = require "filtering.actions"
local json = require "partnerapp.json"
local paths = require "api.paths"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
local store = require "store"

local function has_destination(req)
	return db.row("SELECT 1 FROM destinations WHERE name = ?", paths.destination(req))
end

local function find(req)
	local name = paths.destination(req) .. "/filters/" .. req.params.filter
	local row = db.row("SELECT name, body FROM filters WHERE name = ?", name)
	return row and store.decode(row.body), row and row.name
end

local function not_found()
	return errors.api(5, "not found")
end

local function shown(name, filter)
	local copy = { name = name }
	for field in pairs(fields.names) do
		copy[field] = filter[field]
	end
	return copy
end

local function list(req)
	if not has_destination(req) then
		return not_found()
	end
	local filters = {}
	local sql = "SELECT name, body FROM filters WHERE destination = ? ORDER BY rowid"
	for i, row in ipairs(assert(db.query(sql, paths.destination(req)))) do
		filters[i] = shown(row.name, store.decode(row.body))
	end
	return paging.reply(req, "filters", filters)
end

local function get(req)
	local filter, name = find(req)
	return filter and reply.json(shown(name, filter)) or not_found()
end

local function create(req)
	if not has_destination(req) then
		return not_found()
	end
	local asked, refusal = body.resource(req, "filter")
	if not asked then
		return refusal
	end
	local filter = fields.changed({}, asked, fields.names) -- the mask of a creation, which some clients send, is ignored
	local problem = fields.problem(filter)
	if problem then
		return errors.api(3, problem)
	end
	local name = paths.destination(req) .. "/filters/df_" .. store.random(27)
	assert(
		db.exec(
			"INSERT INTO filters (name, destination, body) VALUES (?, ?, ?)",
			name,
			paths.destination(req),
			store.encode(filter)
		)
	)
	return reply.json(shown(name, filter))
end

local function update(req)
	local filter, name = find(req)
	if not filter then
		return not_found()
	end
	local asked, value = body.resource(req, "filter")
	if not asked then
		return value
	end
	local named, problem = body.mask(value, "filter", fields.names)
	local new = named and fields.changed(filter, asked, named)
	problem = problem or fields.problem(new)
	if problem then
		return errors.api(3, problem)
	end
	assert(db.exec("UPDATE filters SET body = ? WHERE name = ?", store.encode(new), name))
	return reply.json(shown(name, new))
end

local function delete(req)
	local filter, name = find(req)
	if not filter then
		return not_found()
	end
	assert(db.exec("DELETE FROM filters WHERE name = ?", name))
	return reply.json {}
end

-- What a filter would make of an event (A42).
local function preview(req)
	local asked, value = body.resource(req, "filter")
	if not asked then
		return value
	end
	local event = value.payload
	if type(event) ~= "table" or json.is_array(event) then
		return errors.api(3, "payload must be an event")
	end
	local filter = fields.changed({}, asked, fields.names)
	filter.enabled = true
	local problem = fields.problem(filter)
	if problem then
		return errors.api(3, problem)
	end
	return reply.json { input_payload = event, filtered_payload = filtering.apply(event, { filter }) or json.null }
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/destinations/:destination/filters"
	local one = path .. "/:filter"
	local free = { csrf = false }

	app:get(path, access.guard("read", list))
	app:post(path, access.guard("write", create), free)
	app:get(one, access.guard("read", get))
	app:patch(one, access.guard("write", store.in_transaction(update)), free)
	app:delete(one, access.guard("write", delete), free)
	app:post("/v1beta/filters/preview", access.guard("read", preview), free)
end
