-- Tracking plans. Their ids are made, for their names change; they are updated with PUT, unlike everything else.
local access = require "api.access"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "errors"
local json = require "partnerapp.json"
local paths = require "api.paths"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
local store = require "store"

local plans = {}

local KNOWN = { display_name = true, rules = true }

local function not_found()
	return errors.api(5, "not found")
end

--- The plan of a path, or false.
---@param req table
---@return table|false
function plans.find(req)
	return db.row(
		"SELECT * FROM tracking_plans WHERE name = ?",
		paths.workspace(req) .. "/tracking-plans/" .. req.params.plan
	)
end

local function shown(row)
	return {
		name = row.name,
		display_name = row.display_name,
		rules = store.decode(row.rules),
		create_time = store.timestamp(row.create_time),
		update_time = store.timestamp(row.update_time),
	}
end

-- What is wrong with a plan as it is to be stored, or nil.
local function problem_of(plan)
	local name, rules = plan.display_name, plan.rules
	if type(name) ~= "string" or not name:find "%S" or #name > 1000 then
		return "display_name must be a text"
	elseif type(rules) ~= "table" or json.is_array(rules) then
		return "rules must be an object"
	elseif not json.is_array(rules.events) then
		return "rules.events must be a list"
	end
	for _, event in ipairs(rules.events) do
		if type(event) ~= "table" or type(event.name) ~= "string" then
			return "each event of rules needs a name"
		end
	end
end

local function no_rules()
	return { global = {}, identify = {}, group = {}, events = json.array {} }
end

local function with_events(rules)
	if type(rules) == "table" and not json.is_array(rules) and body.field(rules, "events") == nil then
		rules.events = json.array {}
	end
	return rules
end

-- Lists leave the events out: a client that wants them gets the plan.
local function list(req)
	local found = {}
	local sql = "SELECT * FROM tracking_plans WHERE workspace = ? ORDER BY rowid"
	for i, row in ipairs(assert(db.query(sql, req.params.workspace))) do
		found[i] = shown(row)
		found[i].rules.events = json.array {}
	end
	return paging.reply(req, "tracking_plans", found)
end

local function get(req)
	local row = plans.find(req)
	return row and reply.json(shown(row)) or not_found()
end

local function create(req)
	local asked, refusal = body.resource(req, "tracking_plan")
	if not asked then
		return refusal
	end
	local rules = body.field(asked, "rules")
	local plan = { display_name = asked.display_name, rules = rules == nil and no_rules() or with_events(rules) }
	local problem = problem_of(plan)
	if problem then
		return errors.api(3, problem)
	end
	local name, now = paths.workspace(req) .. "/tracking-plans/rs_" .. store.random(27), store.now()
	assert(db.exec(
		[[INSERT INTO tracking_plans (name, workspace, display_name, rules, create_time, update_time)
			VALUES (?, ?, ?, ?, ?, ?)]],
		name,
		req.params.workspace,
		plan.display_name,
		store.encode(plan.rules),
		now,
		now
	))
	return reply.json(shown(db.row("SELECT * FROM tracking_plans WHERE name = ?", name)))
end

local function update(req)
	local row = plans.find(req)
	if not row then
		return not_found()
	end
	local asked, value = body.resource(req, "tracking_plan")
	if not asked then
		return value
	end
	local named, problem = body.mask(value, "tracking_plan", KNOWN)
	if not named then
		return errors.api(3, problem)
	elseif next(named) == nil then
		return reply.json(shown(row))
	end
	local plan = { display_name = row.display_name, rules = store.decode(row.rules) }
	if named.display_name then
		plan.display_name = body.field(asked, "display_name") or ""
	end
	if named.rules then
		plan.rules = with_events(body.field(asked, "rules") or no_rules())
	end
	problem = problem_of(plan)
	if problem then
		return errors.api(3, problem)
	end
	assert(
		db.exec(
			"UPDATE tracking_plans SET display_name = ?, rules = ?, update_time = ? WHERE name = ?",
			plan.display_name,
			store.encode(plan.rules),
			math.max(store.now(), row.update_time + 1),
			row.name
		)
	)
	return reply.json(shown(plans.find(req)))
end

local function delete(req)
	local row = plans.find(req)
	if not row then
		return not_found()
	end
	assert(db.exec("DELETE FROM source_connections WHERE plan = ?", row.name))
	assert(db.exec("DELETE FROM tracking_plans WHERE name = ?", row.name))
	return reply.json {}
end

function plans.routes(app)
	local path = "/v1beta/workspaces/:workspace/tracking-plans"
	local one = path .. "/:plan"
	local free = { csrf = false }

	app:get(path, access.guard("read", list))
	app:post(path, access.guard("write", create), free)
	app:get(one, access.guard("read", get))
	app:put(one, access.guard("write", store.in_transaction(update)), free)
	app:delete(one, access.guard("write", store.in_transaction(delete)), free)
end

return plans
