-- Tracking plans. Their names have made-up ids, because display names change; and they are updated with PUT, unlike
-- all other resources.
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local store = require "store"

local KNOWN = { display_name = true, rules = true }

local function by_name(name)
	return db.row("SELECT * FROM tracking_plans WHERE name = ?", name)
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

-- Lists leave the events out: they are in the response for one plan.
local function shown_in_list(row)
	local plan = shown(row)
	plan.rules.events = json.array {}
	return plan
end

-- What is wrong with a plan, or nil.
local function problem_of(plan)
	local name, rules = plan.display_name, plan.rules
	if type(name) ~= "string" or not name:find "%S" or #name > 1000 then
		return "display_name must be a string of at most 1000 bytes that is not empty"
	elseif type(rules) ~= "table" or json.is_array(rules) then
		return "rules must be an object"
	elseif not json.is_array(rules.events) then
		return "rules.events must be a list"
	end
	for _, event in ipairs(rules.events) do
		if type(event) ~= "table" or type(event.name) ~= "string" then
			return "each event of rules must have a name"
		end
	end
end

local function no_rules()
	return { global = {}, identify = {}, group = {}, events = json.array {} }
end

-- The rules of a request, with a list of events; without rules, empty ones.
local function rules_of(asked)
	local rules = body.field(asked, "rules")
	if rules == nil then
		return no_rules()
	elseif type(rules) == "table" and not json.is_array(rules) and body.field(rules, "events") == nil then
		rules.events = json.array {}
	end
	return rules
end

local function list(req)
	local sql = "SELECT * FROM tracking_plans WHERE workspace = ? ORDER BY n"
	return paging.rows(req, "tracking_plans", shown_in_list, sql, req.params.workspace)
end

local function create(req)
	local asked, refusal = body.resource(req, "tracking_plan")
	if not asked then
		return refusal
	end
	local plan = { display_name = asked.display_name, rules = rules_of(asked) }
	local problem = problem_of(plan)
	if problem then
		return errors.invalid(problem)
	end
	local name, now = paths.workspace(req) .. "/tracking-plans/rs_" .. store.random(27), store.now()
	store.insert(
		[[INSERT INTO tracking_plans (n, name, workspace, display_name, rules, create_time, update_time)
			VALUES (?, ?, ?, ?, ?, ?, ?)]],
		store.number "tracking_plans",
		name,
		req.params.workspace,
		plan.display_name,
		store.encode(plan.rules),
		now,
		now
	)
	return reply.json(shown(by_name(name)))
end

local function update(req, row)
	local asked, named = body.changes(req, "tracking_plan", KNOWN)
	if not asked then
		return named
	elseif next(named) == nil then
		return reply.json(shown(row))
	end
	local plan = { display_name = row.display_name, rules = store.decode(row.rules) }
	if named.display_name then
		plan.display_name = body.field(asked, "display_name") or ""
	end
	if named.rules then
		plan.rules = rules_of(asked)
	end
	local problem = problem_of(plan)
	if problem then
		return errors.invalid(problem)
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
	return reply.json(shown(by_name(row.name)))
end

local function find(req)
	return by_name(paths.tracking_plan(req))
end

local delete = resource.deletion {
	"DELETE FROM source_connections WHERE plan = ?",
	"DELETE FROM tracking_plans WHERE name = ?",
}

return function(app)
	local get = resource.showing(shown)
	local parts = { find = find, list = list, create = create, get = get, put = update, delete = delete }
	resource.add(app, "/v1beta/workspaces/:workspace/tracking-plans", "/:plan", parts)
end
