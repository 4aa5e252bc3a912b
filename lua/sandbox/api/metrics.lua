-- Event delivery metrics. No response of Segment is known: these bodies are invented (A34); the names of the errors are
-- Segment's. The metrics are counted where events are delivered.
local access = require "api.access"
local assumptions = require "assumptions"
local body = require "api.body"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local paths = require "api.paths"
local reply = require "partnerapp.reply"
local resource = require "api.resource"

local METRICS = { "delivered", "not_delivered" }
local NAMES_MOST = 100

local function has_destination(name)
	return db.row("SELECT 1 FROM destinations WHERE name = ?", name)
end

local function find(req)
	local name = paths.destination(req)
	return has_destination(name) and name
end

local function counts_of(destination)
	local counts = {}
	local sql = "SELECT name, value FROM metrics WHERE destination = ? ORDER BY name"
	for _, row in ipairs(assert(db.query(sql, destination))) do
		counts[#counts + 1] = row
		counts[row.name] = row.value
	end
	return counts
end

local function metric(destination, name, counts)
	local shown = { name = name, parent = destination, total = counts[name] or 0 }
	if name == "not_delivered" then
		shown.breakdown = json.array {}
		for _, row in ipairs(counts) do
			if row.name:find("^errors%.") then
				shown.breakdown[#shown.breakdown + 1] = { name = row.name, value = row.value }
			end
		end
	end
	return shown
end

local function all(destination)
	local counts, list = counts_of(destination), json.array {}
	for i, name in ipairs(METRICS) do
		list[i] = metric(destination, name, counts)
	end
	return list
end

local function summary(destination)
	return { name = destination .. "/metrics/summary", parent = destination, metrics = all(destination) }
end

local function list(req, destination)
	return paging.reply(req, "metrics", all(destination))
end

local function get(req, destination)
	for _, name in ipairs(METRICS) do
		if name == req.params.metric then
			return reply.json(metric(destination, name, counts_of(destination)))
		end
	end
end

local function get_summary(_, destination)
	return reply.json(summary(destination))
end

-- The names in the body of a GET, or nil and the response that refuses the body.
local function wanted(req)
	local value, refusal = body.read(req)
	if not value then
		return nil, refusal
	elseif not json.is_array(value.names) or #value.names > NAMES_MOST then
		return nil, errors.invalid "names must be a list"
	end
	for _, name in ipairs(value.names) do
		if type(name) ~= "string" then
			return nil, errors.invalid "names must be a list of strings"
		end
	end
	return value.names
end

local function batch_get(req, destination)
	local list_of_names, refusal = wanted(req)
	if not list_of_names then
		return refusal
	end
	local found, counts = json.array {}, counts_of(destination)
	for _, name in ipairs(list_of_names) do
		local last = name:match "[^/]+$"
		if last ~= METRICS[1] and last ~= METRICS[2] then
			return errors.not_found()
		end
		found[#found + 1] = metric(destination, last, counts)
	end
	return reply.json { metrics = found }
end

local function batch_summaries(req)
	local list_of_names, refusal = wanted(req)
	if not list_of_names then
		return refusal
	end
	local found, prefix = json.array {}, paths.workspace(req) .. "/"
	for _, name in ipairs(list_of_names) do
		if not paths.below(name, prefix) or not has_destination(name) then
			return errors.not_found()
		end
		found[#found + 1] = summary(name)
	end
	return reply.json { summaries = found }
end

return function(app)
	local path = "/v1beta/workspaces/:workspace/sources/:source/destinations/:destination/metrics"
	local about = assumptions.metrics_for_destinations and paths.own or nil
	local function add(where, handler)
		app:get(path .. where, access.guard("read", resource.found(find, handler), about))
	end

	add("", list)
	add("/:metric", get)
	add(":getSummary", get_summary)
	add(":batchGet", batch_get)
	app:get(
		"/v1beta/workspaces/:workspace/event-delivery-metrics:batchGetSummary",
		access.guard("read", batch_summaries)
	)
end
