-- Batches of payloads for perform_batch: how they are split, and what becomes of each payload.
local json = require "partnerapp.json"
local outcome = require "partnerapp.destination.outcome"

local batches = {}

-- The values of an action's batch keys, as one string.
local function key_of(entry)
	local values = {}
	for i, name in ipairs(entry.action.batch_keys or {}) do
		local value = entry.path.payload[name]
		values[i] = json.encode(value == nil and json.null or value, { javascript = true })
	end
	return entry.action.name .. "\0" .. table.concat(values, "\0")
end

local function bytes_of(entry)
	return #assert(json.encode(entry.path.payload, { javascript = true }))
end

--- Splits entries into batches: of one action, with the same batch keys, at most batch_size payloads and batch_bytes
--- bytes. The order is kept inside a batch.
---@param entries {path: partnerapp.destination.path, action: table, mapping: table, event: table}[]
---@return table[][]
function batches.split(entries)
	local list, open = {}, {}
	for _, entry in ipairs(entries) do
		local key, bytes, action = key_of(entry), bytes_of(entry), entry.action
		local batch = open[key]
		if not batch or #batch >= action.batch_size or batch.bytes + bytes > action.batch_bytes then
			batch = { bytes = 0 }
			open[key] = batch
			list[#list + 1] = batch
		end
		batch[#batch + 1] = entry
		batch.bytes = batch.bytes + bytes
	end
	return list
end

local function add_stage(path, result, sentence)
	path.stages[#path.stages + 1] = {
		stage = "perform",
		result = result,
		code = path.outcome.code,
		label = path.outcome.label,
		sentence = sentence,
	}
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

local function finish(batch, returned, sent)
	local last = sent[#sent]
	local status = last and last.answer and last.answer.status
	for i, entry in ipairs(batch) do
		local path = entry.path
		path.requests = sent
		if is_results(returned) then
			path.returned = returned[i]
			path.outcome = of_result(returned[i], status)
		else
			path.returned = returned
			path.outcome = outcome.delivered(status)
		end
		local fine = path.outcome.delivered
		local sentence = fine and ("perform_batch took %d of %d"):format(i, #batch) or path.outcome.message
		add_stage(path, fine and "passed" or "stopped", sentence)
	end
end

--- Runs one batch and gives each of its paths an outcome. A batch of one goes to perform, when the action has one.
---@param batch table[]
---@param call fun(fn: function, payload: any): boolean, any, table
function batches.run(batch, call)
	local action, payloads = batch[1].action, {}
	for i, entry in ipairs(batch) do
		payloads[i] = entry.path.payload
	end
	local alone = #batch == 1 and action.perform
	local fine, returned, sent = call(alone or action.perform_batch, alone and payloads[1] or json.array(payloads))
	if fine then
		finish(batch, alone and {} or returned, sent)
		return
	end
	for _, entry in ipairs(batch) do
		entry.path.requests = sent
		entry.path.outcome = outcome.of_error(returned)
		add_stage(entry.path, "stopped", entry.path.outcome.message)
	end
end

return batches
