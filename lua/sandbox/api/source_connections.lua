-- Which tracking plan a source is connected to: one at most.
local access = require "api.access"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local paths = require "api.paths"
local paging = require "api.paging"
local plans = require "api.tracking_plans"
local reply = require "partnerapp.reply"

local SOURCES_MOST = 100

local function of_plan(handler)
	return function(req)
		local plan = plans.find(req)
		return plan and handler(req, plan) or errors.api(5, "not found")
	end
end

local function shown(source, plan)
	return { source_name = source, tracking_plan_id = plan.name:match "[^/]+$" }
end

local function list(req, plan)
	local found = {}
	local sql = "SELECT source FROM source_connections WHERE plan = ? ORDER BY source"
	for i, row in ipairs(assert(db.query(sql, plan.name))) do
		found[i] = shown(row.source, plan)
	end
	return paging.reply(req, "connections", found)
end

-- Connects one source. The response that refuses it, or nil.
local function connect(req, plan, source)
	local prefix = paths.workspace(req) .. "/sources/"
	if type(source) ~= "string" or source:sub(1, #prefix) ~= prefix then
		return errors.api(3, "source_name must be " .. prefix .. "<slug>")
	elseif not db.row("SELECT 1 FROM sources WHERE name = ?", source) then
		return errors.api(5, "source not found")
	end
	local made, message, code =
		db.exec("INSERT INTO source_connections (source, plan) VALUES (?, ?)", source, plan.name)
	if not made and code == "constraint" then
		return errors.api(6, "source is connected to a tracking plan already")
	end
	assert(made, message)
end

local function create(req, plan)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	end
	return connect(req, plan, value.source_name) or reply.json(shown(value.source_name, plan))
end

-- All or none: `false` rolls back.
local function create_batch(req, plan)
	local value, refusal = body.read(req)
	if not value then
		return refusal
	elseif not json.is_array(value.source_names) or #value.source_names > SOURCES_MOST then
		return errors.api(3, "source_names must be a list")
	end
	local made = json.array {}
	db.transaction(function()
		for i, source in ipairs(value.source_names) do
			refusal = connect(req, plan, source)
			if refusal then
				return nil
			end
			made[i] = shown(source, plan)
		end
		return true
	end)
	return refusal or reply.json { connections = made }
end

local function delete(req, plan)
	local changes =
		assert(db.exec("DELETE FROM source_connections WHERE plan = ? AND source = ?", plan.name, paths.source(req)))
	return changes > 0 and reply.json {} or errors.api(5, "not found")
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/tracking-plans/:plan/source-connections"
	local free = { csrf = false }

	app:get(path, access.guard("read", of_plan(list)))
	app:post(path, access.guard("write", of_plan(create)), free)
	app:post(path .. ":batchCreateConnections", access.guard("write", of_plan(create_batch)), free)
	app:delete(path .. "/:source", access.guard("write", of_plan(delete)), free)
end
