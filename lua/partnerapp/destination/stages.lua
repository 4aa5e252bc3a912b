-- The way of an event to a destination, stage by stage, as a story that says what each stage did and why. Everything
-- that shows what becomes of an event shows this story.
local batches = require "partnerapp.destination.batches"
local calls = require "partnerapp.destination.calls"
local directives = require "partnerapp.destination.directives"
local guarded = require "partnerapp.destination.guarded"
local handlers = require "partnerapp.destination.handlers"
local intake = require "partnerapp.destination.intake"
local json = require "partnerapp.json"
local mapping_hints = require "partnerapp.destination.mapping_hints"
local mappings = require "partnerapp.destination.mappings"
local members = require "partnerapp.destination.members"
local outcome = require "partnerapp.destination.outcome"
local path_warnings = require "partnerapp.destination.path_warnings"
local stories = require "partnerapp.destination.story"
local validation = require "partnerapp.destination.validation"

local stages = {}

---@class partnerapp.destination.try
---@field settings table? the values that the customer set
---@field auth table? { access_token, refresh_token } for oauth2
---@field action string? only the mappings of this action
---@field mapping table? values for that action's fields
---@field transport function? see destination/requests; nothing is sent without one
---@field traceparent string?
---@field refresh boolean? false: a 401 is the outcome, also with oauth2

local add, stop = stories.add, stories.stop

-- What Segment looks at before any mapping. An outcome when it stops the event.
local function before_mappings(story, destination, event)
	local code, sentence = intake.problem(event)
	if code then
		return stop(story.stages, "intake", "failed-ingest", code, sentence)
	end
	add(story.stages, "intake", "passed", "Segment takes the event")
	sentence = intake.excluded(event, destination.name)
	if sentence then
		return stop(story.stages, "integrations", "filtered-destination", "FILTERED_BY_INTEGRATIONS_OBJECT", sentence)
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
	return stop(story.stages, "settings", "filtered-destination", "INVALID_SETTINGS", message)
end

-- Whether the mapping's trigger wants the event. An outcome when it does not.
local function judge_trigger(path, mapping, event)
	local parsed = mapping.parsed
	if mapping.takes_all then
		add(path.stages, "trigger", "skipped", "the action has no trigger of its own: the mapping takes every event")
		return
	end
	if not parsed then
		return stop(path.stages, "trigger", "filtered-destination", "NO_MATCHING_MAPPING", mapping.problem)
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
	return stop(path.stages, "trigger", "filtered-destination", "FILTERED_AT_MAPPING", sentence, warnings)
end

local function apply(mapping, event)
	if not mapping.compiled then
		return nil, mapping.problem
	end
	return directives.apply(mapping.compiled, event)
end

-- What of a mapping is not in the payload: members without a value in the event, and those that no field takes.
local function left_out(mapping, action, payload, event)
	if not members.is_object(payload) then
		return nil
	end
	local lines = path_warnings.missing(mapping.values, payload, event)
	for _, one in ipairs(mapping_hints.unknown(mapping.values, action)) do
		lines[#lines + 1] = "the mapping " .. one.message
	end
	return lines
end

-- The payload of an event. nil and an outcome when it cannot be made.
local function make_payload(path, action, mapping, event, in_batch)
	local payload, message = apply(mapping, event)
	if payload == nil and message then
		local meant = mapping_hints.directive(message):match "^: (.*)$"
		add(path.stages, "mapping", "stopped", message, { code = "PAYLOAD_VALIDATION_FAILED", details = { meant } })
		return nil, outcome.failed { code = "PAYLOAD_VALIDATION_FAILED", status = 400, message = message }
	end
	add(
		path.stages,
		"mapping",
		"passed",
		"the mapping made the payload",
		{ details = left_out(mapping, action, payload, event) }
	)
	if #action.fields == 0 then -- as at Segment
		add(path.stages, "validation", "skipped", "the action has no fields: nothing is validated or removed")
		return payload
	end
	payload = validation.prepare(action.schema, payload, in_batch)
	local valid, problem, _, list = validation.validate_own(action.schema, payload or members.new())
	if valid == nil then
		path.refused = payload
		local details = {}
		for i, one in ipairs(list or {}) do
			details[i] = one.message
		end
		path.invalid = list
		add(path.stages, "validation", "stopped", problem, { code = "PAYLOAD_VALIDATION_FAILED", details = details })
		return nil, outcome.failed { code = "PAYLOAD_VALIDATION_FAILED", status = 400, message = problem }
	end
	add(path.stages, "validation", "passed", "the payload is valid")
	return valid
end

local function perform(path, destination, try, mapping, event)
	local action = destination.actions[mapping.action]
	local payload, failed = make_payload(path, action, mapping, event)
	if failed then
		path.outcome = failed
		return
	end
	path.payload = payload
	local data = calls.data(try, guarded.payload(destination, action, payload), event, mapping.values)
	calls.on_path(path, "perform", action.perform, destination, try, data)
end

local NO_MAPPING = "the destination has no mapping: no automatic preset, and no action with a trigger; a customer "
	.. "makes one at Segment, and `partnerapp try` takes one with --mapping FILE"

local function no_mapping(story)
	return stop(story.stages, "mapping", "filtered-destination", "NO_MATCHING_MAPPING", NO_MAPPING)
end

local DELETION = "a deletion goes to on_delete"

local function call_on_delete(path, destination, event, try)
	local payload = members.new()
	members.set(payload, "userId", event.userId)
	members.set(payload, "anonymousId", event.anonymousId)
	path.payload = payload
	calls.on_path(path, "on_delete", destination.on_delete, destination, try, calls.data(try, payload, event))
end

-- A deletion goes to on_delete and to no action.
local function delete(story, destination, event, try)
	local path = stories.path(story, "on_delete", DELETION)
	if not destination.on_delete then
		local message = "the destination has no on_delete: deletions do not reach it"
		path.outcome = stop(path.stages, "on_delete", "filtered-destination", "UNSUPPORTED_EVENT_TYPE", message)
		return
	end
	call_on_delete(path, destination, event, try)
end

-- A story of an event that was looked at, up to the mappings; its outcome is there when it goes no further.
local function begin(destination, event, try)
	local story = stories.new(destination, event)
	story.outcome = before_mappings(story, destination, event) or judge_settings(story, destination, try)
	return story
end

-- Takes an event that was begun up to its actions: act(path, mapping) for each mapping whose trigger wants it.
local function each_action(story, destination, event, try, act)
	if event.type == "delete" then
		delete(story, destination, event, try)
		return
	end
	local list = mappings.of(destination, try.action, try.mapping)
	if #list == 0 then
		story.outcome = no_mapping(story)
	end
	for _, mapping in ipairs(list) do
		local path = stories.path(story, mapping.action, mapping.from, mapping.trigger)
		path.outcome = judge_trigger(path, mapping, event)
		if not path.outcome then
			act(path, mapping)
		end
	end
end

--- Takes one event through a destination.
---@param destination table see destination/definition, or an app's handlers: destination/handlers
---@param event table
---@param try partnerapp.destination.try
---@return partnerapp.destination.story
function stages.run(destination, event, try)
	local story = begin(destination, event, try)
	if story.outcome then
		return story
	elseif destination.handlers then
		handlers.run(story, destination, event, try)
		return story
	end
	each_action(story, destination, event, try, function(path, mapping)
		perform(path, destination, try, mapping, event)
	end)
	return story
end

-- Takes one event of a batch up to its actions. What is left to perform_batch is added to `entries`.
local function run_in_batch(destination, event, try, entries)
	local story = begin(destination, event, try)
	if story.outcome then
		return story
	end
	each_action(story, destination, event, try, function(path, mapping)
		local action = destination.actions[mapping.action]
		if not action.perform_batch then
			perform(path, destination, try, mapping, event)
			return
		end
		path.payload, path.outcome = make_payload(path, action, mapping, event, true)
		if not path.outcome then
			entries[#entries + 1] = { path = path, action = action, mapping = mapping, event = event }
		end
	end)
	return story
end

--- Takes several events through a destination at once: those that an action's trigger wants go to its perform_batch, in
--- batches by keys, size and bytes.
---@param destination table
---@param events table[]
---@param try partnerapp.destination.try
---@return partnerapp.destination.story[] one for each event
function stages.run_batch(destination, events, try)
	local list, entries = {}, {}
	for i, event in ipairs(events) do
		list[i] = destination.handlers and begin(destination, event, try)
			or run_in_batch(destination, event, try, entries)
	end
	if destination.handlers then
		handlers.run_batch(list, destination, try)
		return list
	end
	for _, batch in ipairs(batches.split(entries)) do
		batches.run(batch, function(fn, payload, path)
			local first, raw = batch[1], {}
			for i, entry in ipairs(batch) do
				raw[i] = entry.event
			end
			local alone = #batch == 1 and fn == first.action.perform
			local given = guarded.payload(destination, first.action, payload)
			local data = calls.data(try, given, alone and raw[1] or raw, first.mapping.values)
			calls.on_path(path, "perform", fn, destination, try, data)
		end, { stage = "perform", fn = "perform_batch" })
	end
	return list
end

-- One function alone, without the stages before it: as Segment's tool for trying an action asks

-- The values of a mapping, as a mapping of an action that an event is given to whatever its trigger says.
local function mapping_of(action, values)
	local mapping = { action = action.name, values = values }
	mapping.compiled, mapping.problem = directives.compile(values)
	return mapping
end

local function new_path(destination, action, event)
	return stories.path(stories.new(destination, event), action.name, "the mapping that was given")
end

--- Gives a deletion to on_delete, whatever the event's form.
---@param destination table with on_delete
---@param event table { userId, anonymousId }
---@param try partnerapp.destination.try
---@return partnerapp.destination.path
function stages.delete(destination, event, try)
	local path = stories.path(stories.new(destination, event), "on_delete", DELETION)
	call_on_delete(path, destination, event, try)
	return path
end

--- Gives an event to one action, whatever its trigger and the event's form: mapping, validation, perform.
---@param destination table
---@param action table of the destination
---@param values table a value or a directive for each field
---@param event table
---@param try partnerapp.destination.try
---@return partnerapp.destination.path
function stages.act(destination, action, values, event, try)
	local path = new_path(destination, action, event)
	perform(path, destination, try, mapping_of(action, values), event)
	return path
end

--- Gives several events to perform_batch of one action in one call, whatever its trigger and their form. Those whose
--- payload is not valid are left out.
---@param destination table
---@param action table of the destination, with perform_batch
---@param values table
---@param events table[]
---@param try partnerapp.destination.try
---@return partnerapp.destination.path whole of the call; without an outcome when no payload is valid
---@return partnerapp.destination.path[] refused those of the events that were left out
function stages.act_batch(destination, action, values, events, try)
	local whole, mapping = new_path(destination, action), mapping_of(action, values)
	local payloads, refused = json.array {}, {}
	for _, event in ipairs(events) do
		local path = new_path(destination, action, event)
		local payload, failed = make_payload(path, action, mapping, event, true)
		path.outcome = failed
		if failed then
			refused[#refused + 1] = path
		else
			payloads[#payloads + 1] = payload
		end
	end
	if #payloads > 0 then
		local data = calls.data(try, guarded.payload(destination, action, payloads), events, values)
		calls.on_path(whole, "perform", action.perform_batch, destination, try, data)
	end
	return whole, refused
end

return stages
