-- Batches of payloads for perform_batch: how they are split, and what becomes of each payload.
local json = require "partnerapp.json"
local outcome = require "partnerapp.destination.outcome"
local stories = require "partnerapp.destination.story"

local batches = {}

-- What a customer set in a field that says how payloads are batched: "batch_keys", "batch_size" or "batch_bytes", as at
-- Segment. nil when the action has no such field: then a member of that name is data like any other.
local function asked(entry, name)
	for _, field in ipairs(entry.action.fields or {}) do -- an app's handlers have none
		if field.name == name then
			return entry.path.payload[name]
		end
	end
end

local function limit_of(entry, name)
	local limit = asked(entry, name)
	return type(limit) == "number" and limit > 0 and limit or entry.action[name]
end

-- The names and values of the batch keys of a payload, as one string.
local function key_of(entry)
	local keys = asked(entry, "batch_keys")
	keys = type(keys) == "table" and keys or entry.action.batch_keys or {}
	local values = {}
	for i, name in ipairs(keys) do
		local value = entry.path.payload[name]
		values[i] = name .. json.encode(value == nil and json.null or value, { javascript = true })
	end
	return entry.action.name .. "\0" .. table.concat(values, "\0")
end

local function bytes_of(entry)
	return #assert(json.encode(entry.path.payload, { javascript = true }))
end

--- Splits entries into batches: of one action, with the same batch keys, at most batch_size payloads and batch_bytes
--- bytes, by the action's fields of these names, else by its parts. The order is kept inside a batch.
---@param entries {path: partnerapp.destination.path, action: table, mapping: table, event: table}[]
---@return table[][]
function batches.split(entries)
	local list, open = {}, {}
	for _, entry in ipairs(entries) do
		local key, bytes = key_of(entry), bytes_of(entry)
		local batch = open[key]
		local is_full = batch
			and (#batch >= limit_of(entry, "batch_size") or batch.bytes + bytes > limit_of(entry, "batch_bytes"))
		if not batch or is_full then
			batch = { bytes = 0 }
			open[key] = batch
			list[#list + 1] = batch
		end
		batch[#batch + 1] = entry
		batch.bytes = batch.bytes + bytes
	end
	return list
end

local MISSING = "perform_batch returned no result for this payload"

-- The outcome of one payload, from what perform_batch returned: a list of results, or anything for all of them.
local function of_result(result, status)
	if type(result) ~= "table" then
		return outcome.failed { code = "PAYLOAD_VALIDATION_FAILED", status = 500, message = MISSING }
	elseif result.errortype or result.errormessage or (result.status or 200) >= 400 then
		return outcome.failed {
			code = result.errortype,
			status = result.status or 500,
			message = tostring(result.errormessage or "the partner refused this payload"),
		}
	end
	return outcome.delivered(result.status or status)
end

local function is_results(returned)
	return type(returned) == "table" and returned.status == nil and type(returned[1]) == "table"
end

-- What became of one payload of a batch that was called together.
local function finish(entry, i, count, whole, names)
	local path = entry.path
	path.requests, path.returned = whole.requests, whole.returned
	for n = 1, #whole.stages - 1 do -- a renewed token
		path.stages[#path.stages + 1] = whole.stages[n]
	end
	local result = whole.outcome
	if result.delivered and is_results(whole.returned) then
		path.returned = whole.returned[i]
		result = of_result(whole.returned[i], result.status)
	end
	stories.finish(path, names.stage, result, ("%s took %d of %d"):format(names.fn, i, count))
end

--- Runs one batch and gives each of its paths an outcome. A batch of one goes to perform, when the action has one.
---@param batch table[]
---@param call fun(fn: function, payload: any, path: partnerapp.destination.path) adds to the path: see calls.on_path
---@param names {stage: string, fn: string} for the story
function batches.run(batch, call, names)
	local action, payloads = batch[1].action, {}
	for i, entry in ipairs(batch) do
		payloads[i] = entry.path.payload
	end
	if #batch == 1 and action.perform then
		call(action.perform, payloads[1], batch[1].path)
		return
	end
	local whole = { stages = {}, requests = {} }
	call(action.perform_batch, json.array(payloads), whole)
	for i, entry in ipairs(batch) do
		finish(entry, i, #batch, whole, names)
	end
end

return batches
