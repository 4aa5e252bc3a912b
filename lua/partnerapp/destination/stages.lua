-- The way of an event to a destination, stage by stage, as a story that says what each stage did and why. Everything
-- that shows what becomes of an event shows this story.
local batches = require "partnerapp.destination.batches"
local directives = require "partnerapp.destination.directives"
local intake = require "partnerapp.destination.intake"
local mappings = require "partnerapp.destination.mappings"
local members = require "partnerapp.destination.members"
local outcome = require "partnerapp.destination.outcome"
local requests = require "partnerapp.destination.requests"
local trigger = require "partnerapp.destination.trigger"
local validation = require "partnerapp.destination.validation"

local stages = {}

---@class partnerapp.destination.stage
---@field stage "intake"|"integrations"|"settings"|"trigger"|"mapping"|"validation"|"perform"|"refresh"
---@field result "passed"|"stopped"|"skipped"
---@field code string? Segment's, when the stage stopped the event
---@field label string? Segment's words for that code
---@field sentence string what the stage did, with the values
---@field details string[]? further lines

---@class partnerapp.destination.path one mapping's way
---@field action string
---@field trigger string
---@field from string where the mapping comes from
---@field stages partnerapp.destination.stage[]
---@field payload any what the mapping made, after validation
---@field requests partnerapp.destination.sent[]
---@field returned any what perform returned
---@field outcome partnerapp.destination.outcome

---@class partnerapp.destination.story
---@field destination string
---@field event table
---@field stages partnerapp.destination.stage[] before the mappings
---@field paths partnerapp.destination.path[]
---@field outcome partnerapp.destination.outcome? when the event reached no action

---@class partnerapp.destination.try
---@field settings table? the values that the customer set
---@field auth table? { access_token, refresh_token } for oauth2
---@field action string? only the mappings of this action
---@field mapping table? values for that action's fields
---@field transport function? see destination/requests; nothing is sent without one
---@field traceparent string?

local function add(list, stage, result, sentence, more)
	more = more or {}
	list[#list + 1] = {
		stage = stage,
		result = result,
		code = more.code,
		label = more.label,
		sentence = sentence,
		details = more.details,
	}
end

local function stopped(stage, code, message)
	return {
		delivered = false,
		outcome = code,
		label = outcome.label(stage, code),
		message = message,
		status = 400,
		retried = false,
	}
end

-- What Segment looks at before any mapping. An outcome when it stops the event.
local function before_mappings(story, destination, event)
	local code, sentence = intake.problem(event)
	if code then
		local result = stopped("failed-ingest", code, sentence)
		add(story.stages, "intake", "stopped", sentence, result and { code = code, label = result.label })
		return result
	end
	add(story.stages, "intake", "passed", "Segment takes the event")
	sentence = intake.excluded(event, destination.name)
	if sentence then
		local result = stopped("filtered-destination", "FILTERED_BY_INTEGRATIONS_OBJECT", sentence)
		add(story.stages, "integrations", "stopped", sentence, { code = result.outcome, label = result.label })
		return result
	end
	add(story.stages, "integrations", "passed", "the event's integrations object lets it through")
end

-- The settings are judged as Segment does before each event.
local function judge_settings(story, destination, try)
	if #destination.settings == 0 then
		return
	end
	local valid, message = validation.validate(destination.settings_schema, try.settings or members.new())
	if valid then
		add(story.stages, "settings", "passed", "the destination's settings are valid")
		return
	end
	local result = stopped("filtered-destination", "INVALID_SETTINGS", message)
	add(story.stages, "settings", "stopped", message, { code = result.outcome, label = result.label })
	return result
end

-- Whether the mapping's trigger wants the event. An outcome when it does not.
local function judge_trigger(path, event)
	local parsed, message = trigger.parse(path.trigger or "")
	if not parsed then
		message = path.trigger and message or "the action has no trigger"
		local result = stopped("filtered-destination", "NO_MATCHING_MAPPING", message)
		add(path.stages, "trigger", "stopped", message, { code = result.outcome, label = result.label })
		return result
	end
	local warnings = {}
	for i, warning in ipairs(parsed:warnings()) do
		warnings[i] = ("warning at character %d: %s"):format(warning.place, warning.message)
	end
	if parsed:matches(event) then
		add(path.stages, "trigger", "passed", ("the trigger matches: %s"):format(path.trigger), { details = warnings })
		return
	end
	local reasons = {}
	for i, term in ipairs(parsed:explain(event)) do
		reasons[i] = term.message
	end
	local sentence = "the trigger does not match: " .. table.concat(reasons, "; ")
	local result = stopped("filtered-destination", "FILTERED_AT_MAPPING", sentence)
	add(
		path.stages,
		"trigger",
		"stopped",
		sentence,
		{ code = result.outcome, label = result.label, details = warnings }
	)
	return result
end

-- The payload of an event. nil and an outcome when it cannot be made.
local function make_payload(path, action, values, event, in_batch)
	local payload, message = directives.resolve(values, event)
	if payload == nil and message then
		add(path.stages, "mapping", "stopped", message, { code = "PAYLOAD_VALIDATION_FAILED" })
		return nil, outcome.failed { code = "PAYLOAD_VALIDATION_FAILED", status = 400, message = message }
	end
	add(path.stages, "mapping", "passed", "the mapping made the payload")
	if #action.fields == 0 then -- as at Segment
		add(path.stages, "validation", "skipped", "the action has no fields: nothing is validated or removed")
		return payload
	end
	payload = validation.prepare(action.schema, payload, in_batch)
	local valid, problem, _, list = validation.validate(action.schema, payload or members.new())
	if valid == nil then
		local details = {}
		for i, one in ipairs(list or {}) do
			details[i] = one.message
		end
		add(path.stages, "validation", "stopped", problem, { code = "PAYLOAD_VALIDATION_FAILED", details = details })
		return nil, outcome.failed { code = "PAYLOAD_VALIDATION_FAILED", status = 400, message = problem }
	end
	add(path.stages, "validation", "passed", "the payload is valid")
	return valid
end

local function data_of(try, values, payload, event)
	return {
		payload = payload,
		settings = try.settings or {},
		mapping = values,
		auth = try.auth or {},
		raw_data = event,
		raw_mapping = values,
	}
end

--- Calls one of a destination's functions with a `request`. Errors of the script become results.
---@param destination table
---@param fn function
---@param data table its second argument
---@param try partnerapp.destination.try
---@return boolean fine, any returned_or_raised, partnerapp.destination.sent[] sent
function stages.call(destination, fn, data, try)
	local sent = {}
	local fine, result = pcall(function()
		local extension = destination.extend_request and destination.extend_request(data)
		local request
		request, sent = requests.new {
			extension = extension,
			transport = try.transport or requests.stand_in,
			traceparent = try.traceparent,
		}
		return fn(request, data)
	end)
	return fine, result, sent
end

local function last_status(sent)
	local last = sent[#sent]
	return last and last.answer and last.answer.status
end

-- With oauth2 a 401 is answered by a new access token, once. True when there is one: perform is called again.
local function refresh(path, destination, try)
	local scheme = destination.authentication.scheme
	if path.outcome.status ~= 401 or not scheme:find "^oauth" or not destination.refresh_access_token then
		return false
	end
	local data = { settings = try.settings or {}, auth = try.auth or {} }
	local fine, returned, sent = stages.call(destination, destination.refresh_access_token, data, try)
	table.move(sent, 1, #sent, #path.requests + 1, path.requests)
	local token = fine and type(returned) == "table" and returned.access_token
	if type(token) ~= "string" then
		local message = fine and "refresh_access_token returned no access_token" or outcome.of_error(returned).message
		path.outcome = outcome.failed { code = "OAUTH_REFRESH_FAILED", status = 401, message = message }
		add(path.stages, "refresh", "stopped", message, { code = path.outcome.code, label = path.outcome.label })
		return false
	end
	require("native.log").mask(token)
	try.auth = { access_token = token, refresh_token = returned.refresh_token or (try.auth or {}).refresh_token }
	add(path.stages, "refresh", "passed", "the access token was renewed after a 401: perform is called again")
	return true
end

local function perform_once(path, destination, action, try, values, event)
	local data = data_of(try, values, path.payload, event)
	local fine, returned, sent = stages.call(destination, action.perform, data, try)
	table.move(sent, 1, #sent, #path.requests + 1, path.requests)
	if fine then
		path.returned = returned
		path.outcome = outcome.delivered(last_status(sent))
		add(path.stages, "perform", "passed", ("perform made %d request%s"):format(#sent, #sent == 1 and "" or "s"))
		return
	end
	path.outcome = outcome.of_error(returned)
	add(
		path.stages,
		"perform",
		"stopped",
		path.outcome.message,
		{ code = path.outcome.code, label = path.outcome.label }
	)
end

local function perform(path, destination, action, try, values, event)
	local payload, failed = make_payload(path, action, values, event)
	if failed then
		path.outcome = failed
		return
	end
	path.payload = payload
	perform_once(path, destination, action, try, values, event)
	if refresh(path, destination, try) then
		perform_once(path, destination, action, try, values, event)
	end
end

local function new_path(mapping)
	return {
		action = mapping.action,
		trigger = mapping.trigger,
		from = mapping.from,
		stages = {},
		requests = {},
	}
end

local NO_MAPPING = "the destination has no mapping: no automatic preset, and no action with a trigger"

--- Takes one event through a destination.
---@param destination table see destination/definition
---@param event table
---@param try partnerapp.destination.try
---@return partnerapp.destination.story
function stages.run(destination, event, try)
	local story = { destination = destination.name, event = event, stages = {}, paths = {} }
	story.outcome = before_mappings(story, destination, event) or judge_settings(story, destination, try)
	if story.outcome then
		return story
	end
	local list = mappings.of(destination, try.action, try.mapping)
	if #list == 0 then
		story.outcome = stopped("filtered-destination", "NO_MATCHING_MAPPING", NO_MAPPING)
		return story
	end
	for i, mapping in ipairs(list) do
		local path = new_path(mapping)
		story.paths[i] = path
		path.outcome = judge_trigger(path, event)
		if not path.outcome then
			perform(path, destination, destination.actions[mapping.action], try, mapping.values, event)
		end
	end
	return story
end

--- Takes several events through a destination at once: those that an action's trigger wants go to its perform_batch, in
--- batches by keys, size and bytes.
---@param destination table
---@param events table[]
---@param try partnerapp.destination.try
---@return partnerapp.destination.story[] one for each event
function stages.run_batch(destination, events, try)
	local stories, entries = {}, {}
	for i, event in ipairs(events) do
		local story = { destination = destination.name, event = event, stages = {}, paths = {} }
		stories[i] = story
		story.outcome = before_mappings(story, destination, event) or judge_settings(story, destination, try)
		for _, mapping in ipairs(story.outcome and {} or mappings.of(destination, try.action, try.mapping)) do
			local action = destination.actions[mapping.action]
			local path = new_path(mapping)
			story.paths[#story.paths + 1] = path
			path.outcome = judge_trigger(path, event)
			if not path.outcome and not action.perform_batch then
				perform(path, destination, action, try, mapping.values, event)
			elseif not path.outcome then
				path.payload, path.outcome = make_payload(path, action, mapping.values, event, true)
				entries[#entries + 1] = not path.outcome
						and { path = path, action = action, mapping = mapping, event = event }
					or nil
			end
		end
		if not story.outcome and #story.paths == 0 then
			story.outcome = stopped("filtered-destination", "NO_MATCHING_MAPPING", NO_MAPPING)
		end
	end
	for _, batch in ipairs(batches.split(entries)) do
		batches.run(batch, function(fn, payload)
			local first = batch[1]
			local raw = {}
			for i, entry in ipairs(batch) do
				raw[i] = entry.event
			end
			local data = data_of(
				try,
				first.mapping.values,
				payload,
				#batch == 1 and fn == first.action.perform and raw[1] or raw
			)
			return stages.call(destination, fn, data, try)
		end)
	end
	return stories
end

return stages
