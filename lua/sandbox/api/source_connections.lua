-- Which tracking plan a source is connected to: one at most (A44).
local access = require "api.access"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local store = require "store"

local SOURCES_MOST = 100

local function find_plan(req)
	return db.row("SELECT name FROM tracking_plans WHERE name = ?", paths.tracking_plan(req))
end

local function find(req)
	local sql = "SELECT source FROM source_connections WHERE plan = ? AND source = ?"
	return db.row(sql, paths.tracking_plan(req), paths.source(req))
end

local function shown(row)
	return { source_name = row.source, tracking_plan_id = row.plan:match "[^/]+$" }
end

local function list(req, plan)
	local sql = "SELECT source, plan FROM source_connections WHERE plan = ? ORDER BY source"
	return paging.rows(req, "connections", shown, sql, plan.name)
end

-- Connects one source: the connection, or nil and the response that refuses it.
local function connect(req, plan, source)
	local prefix = paths.workspace(req) .. "/sources/"
	if not paths.below(source, prefix) then
		return nil, errors.invalid("source_name must be " .. prefix .. "<slug>")
	elseif not db.row("SELECT 1 FROM sources WHERE name = ?", source) then
		return nil, errors.not_found "source not found"
	elseif not store.insert("INSERT INTO source_connections (source, plan) VALUES (?, ?)", source, plan.name) then
		return nil, errors.already_exists "source is connected to a tracking plan already"
	end
	return shown { source = source, plan = plan.name }
end

local function create(req, plan)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	local made
	made, refusal = connect(req, plan, value.source_name)
	return refusal or reply.json(made)
end

-- All sources or none: a refusal rolls back.
local function create_batch(req, plan)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	elseif not json.is_array(value.source_names) or #value.source_names > SOURCES_MOST then
		return errors.invalid "source_names must be a list"
	end
	local made = json.array {}
	for i, source in ipairs(value.source_names) do
		made[i], refusal = connect(req, plan, source)
		if refusal then
			return refusal
		end
	end
	return reply.json { connections = made }
end

local delete = resource.deletion({ "DELETE FROM source_connections WHERE source = ?" }, "source")

return function(app)
	local path = "/v1beta/workspaces/:workspace/tracking-plans/:plan/source-connections"
	local parts = { parent = find_plan, find = find, list = list, create = create, delete = delete }
	resource.add(app, path, "/:source", parts)

	local batch = store.in_transaction(resource.found(find_plan, create_batch))
	app:post(path .. ":batchCreateConnections", access.guard("write", batch), { csrf = false })
end
