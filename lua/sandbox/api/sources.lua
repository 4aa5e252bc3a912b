-- Sources of a workspace.
local body = require "api.body"
local catalog = require "catalog"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local store = require "store"

local function shown(row)
	return {
		name = row.name,
		parent = "workspaces/" .. row.workspace,
		catalog_name = row.catalog_name,
		write_keys = json.array { row.write_key },
		library_config = {
			metrics_enabled = false,
			retry_queue = false,
			cross_domain_id_enabled = false,
			api_host = "",
		},
		create_time = store.timestamp(row.create_time),
	}
end

local function by_name(name)
	return db.row("SELECT * FROM sources WHERE name = ?", name)
end

local function create(req)
	local asked, refusal = body.resource(req, "source")
	if not asked then
		return refusal
	end
	local prefix = paths.workspace(req) .. "/sources/"
	local slug = paths.below(asked.name, prefix)
	if not slug then
		return errors.invalid("name must begin with " .. prefix)
	elseif #slug > 100 or not slug:find "^[a-z0-9_-]+$" then
		return errors.invalid "the slug of a source can have lower-case letters, digits, - and _ only"
	elseif not catalog.has_source(asked.catalog_name) then
		return errors.invalid "catalog_name is not in the catalog"
	elseif not store.add_source(req.params.workspace, slug, asked.catalog_name) then
		return errors.already_exists "source already exists"
	end
	return reply.json(shown(by_name(asked.name)))
end

local function find(req)
	return by_name(paths.source(req))
end

local function list(req)
	local sql = "SELECT * FROM sources WHERE workspace = ? ORDER BY name"
	return paging.rows(req, "sources", shown, sql, req.params.workspace)
end

-- Deleting a source deletes its destinations (A24).
local delete = resource.deletion {
	"DELETE FROM filters WHERE destination IN (SELECT name FROM destinations WHERE source = ?)",
	"DELETE FROM metrics WHERE destination IN (SELECT name FROM destinations WHERE source = ?)",
	"DELETE FROM destinations WHERE source = ?",
	"DELETE FROM source_connections WHERE source = ?",
	"DELETE FROM sources WHERE name = ?",
}

return function(app)
	local parts = { find = find, list = list, create = create, get = resource.showing(shown), delete = delete }
	resource.add(app, "/v1beta/workspaces/:workspace/sources", "/:source", parts)
end
