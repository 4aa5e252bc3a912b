-- Sources of a workspace.
local access = require "api.access"
local body = require "api.body"
local catalog = require "catalog"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local paths = require "api.paths"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
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

local function find(req)
	return db.row("SELECT * FROM sources WHERE name = ?", paths.source(req))
end

local function create(req)
	local asked, refusal = body.resource(req, "source")
	if not asked then
		return refusal
	end
	local prefix = paths.workspace(req) .. "/sources/"
	if type(asked.name) ~= "string" or asked.name:sub(1, #prefix) ~= prefix then
		return errors.api(3, "name must begin with " .. prefix)
	end
	local slug = asked.name:sub(#prefix + 1)
	if #slug > 100 or not slug:find("^[a-z0-9_-]+$") then
		return errors.api(3, "a source's slug has lower-case letters, digits, - and _ only")
	elseif not catalog.has_source(asked.catalog_name) then
		return errors.api(3, "catalog_name is not in the catalog")
	end
	local made, message, code = store.add_source(req.params.workspace, slug, asked.catalog_name)
	if not made and code == "constraint" then
		return errors.api(6, "source already exists")
	end
	assert(made, message)
	return reply.json(shown(db.row("SELECT * FROM sources WHERE name = ?", asked.name)))
end

local function list(req)
	local sources = {}
	local sql = "SELECT * FROM sources WHERE workspace = ? ORDER BY name"
	for i, row in ipairs(assert(db.query(sql, req.params.workspace))) do
		sources[i] = shown(row)
	end
	return paging.reply(req, "sources", sources)
end

local function get(req)
	local row = find(req)
	return row and reply.json(shown(row)) or errors.api(5, "not found")
end

-- What hangs on a source goes with it (A24).
local CASCADE = {
	"DELETE FROM filters WHERE destination IN (SELECT name FROM destinations WHERE source = ?)",
	"DELETE FROM metrics WHERE destination IN (SELECT name FROM destinations WHERE source = ?)",
	"DELETE FROM destinations WHERE source = ?",
	"DELETE FROM source_connections WHERE source = ?",
	"DELETE FROM sources WHERE name = ?",
}

local function delete(req)
	local row = find(req)
	if not row then
		return errors.api(5, "not found")
	end
	for _, sql in ipairs(CASCADE) do
		assert(db.exec(sql, row.name))
	end
	return reply.json {}
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources"

	app:get(path, access.guard("read", list))
	app:post(path, access.guard("write", create), { csrf = false })
	app:get(path .. "/:source", access.guard("read", get))
	app:delete(path .. "/:source", access.guard("write", store.in_transaction(delete)), { csrf = false })
end
