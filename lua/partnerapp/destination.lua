-- A destination in one file: what a customer sets, what is configured at Segment, and what an event becomes. The model
-- is that of Segment's destination actions: docs/destinations.md. What only a part of the destinations needs is loaded
-- when it is used: each VM of a server has a copy of what is.
local definition = require "partnerapp.destination.definition"
local errors = require "partnerapp.destination.errors"

local destination = {}

--- Defines a destination, for a file of destinations/ to return. A wrong one raises, with a line for each problem.
---@param given table see docs/destinations.md
---@return table
function destination.new(given)
	return definition.read(given)
end

--- A destination as Segment's manifest has it: its data without its functions, as Segment's own tools show it. For
--- json.encode with the option `javascript`, which keeps the order of members.
---@param given table what `new` returned
---@return table
function destination.manifest(given)
	return require("partnerapp.destination.manifest").of(given)
end

--- { ["@path"] = … }: the value at a path of the event.
---@param text string "$.properties.total"
---@return table
function destination.path(text)
	return { ["@path"] = text }
end

--- { ["@template"] = … }: a string with values of the event in it.
---@param text string "Hello {{properties.name}}"
---@return table
function destination.template(text)
	return { ["@template"] = text }
end

--- What a destination's functions raise.
destination.errors = require("partnerapp.hints.names").strict("destination.errors", {
	retryable = errors.retryable,
	invalid_authentication = errors.invalid_authentication,
	payload_validation = errors.payload_validation,
	integration = errors.integration,
	api = errors.api,
	self_timeout = errors.self_timeout,
	event_not_supported = errors.event_not_supported,
	invalid_event_payload = errors.invalid_event_payload,
	validation = errors.validation,
	retry = errors.retry,
})

-- The parts of the model, to be tried one by one

--- Whether Segment takes an event from its source: an event of a wrong form is answered with 200 and dropped.
---@param event any
---@return true? taken
---@return string? message what is wrong
---@return string? code of an outcome of the stage failed-ingest: "event_not_string"
function destination.accepts(event)
	local code, sentence = require("partnerapp.destination.intake").problem(event)
	if code then
		return nil, sentence, code
	end
	return true
end

--- Whether the integrations object of an event lets it through to a destination.
---@param event table
---@param name string as the destination is displayed
---@return true? reaches
---@return string? message
---@return "FILTERED_BY_INTEGRATIONS_OBJECT"? code
function destination.reaches(event, name)
	local sentence = require("partnerapp.destination.intake").excluded(event, name)
	if sentence then
		return nil, sentence, "FILTERED_BY_INTEGRATIONS_OBJECT"
	end
	return true
end

--- JSON over several lines, for people.
---@param value any a JSON value, whose members keep their order; or a body, which is as it is unless it is JSON
---@return string
function destination.pretty(value)
	local pretty = require "partnerapp.destination.pretty"
	return type(value) == "string" and pretty.body(value, "json") or pretty.json(value)
end

--- The rows of Segment's delivery overview, by which it says what became of an event: of one stage and one code, or
--- all. Some codes have several rows.
---@param stage "failed-ingest"|"filtered-source"|"filtered-destination"|"failed-delivery"|nil
---@param code string?
---@return {stage: string, code: string, label: string}[]
function destination.outcomes(stage, code)
	return require("partnerapp.destination.outcome").rows(stage, code)
end

--- Whether a trigger takes an event, as at Segment.
---@param text string such as `type = "track" and event = "Order Completed"`
---@param event table
---@return boolean? matches
---@return string? message with the place, in characters, and what was expected there
---@return "bad_trigger"? code
function destination.matches(text, event)
	local parsed, message, code = require("partnerapp.destination.trigger").parse(text)
	if not parsed then
		return nil, message, code
	end
	return parsed:matches(event)
end

--- Makes the payload of an event with a mapping, as at Segment. A member whose value is missing vanishes.
---@param mapping table members are values or directives: `{ user = { ["@path"] = "$.userId" } }`
---@param event table
---@return any payload
---@return string? message for `bad_mapping` a line for each problem
---@return "bad_mapping"|"mapping_failed"|"too_deep"|"too_large"? code
function destination.transform(mapping, event)
	return require("partnerapp.destination.directives").resolve(mapping, event)
end

--- Validates a payload against the fields of an action, as Segment does before `perform` is called: values that can be
--- made to fit their type are, unknown members are removed. `prepare` says what is done before: "event" (the default)
--- and "batch" remove empty values as Segment does for a single event and for one of a batch; "none" does not, as for
--- settings.
---@param list table[] the fields, as a definition has them
---@param payload any not changed
---@param options {prepare: "event"|"batch"|"none"?}?
---@return table? payload
---@return string? message
---@return "bad_definition"|"PAYLOAD_VALIDATION_FAILED"? code
---@return {path: string, message: string}[]? errors of the payload
function destination.validate(list, payload, options)
	local schema = require "partnerapp.destination.schema"
	local validation = require "partnerapp.destination.validation"
	local read, message, code = require("partnerapp.destination.fields").read(list)
	if not read then
		return nil, message, code
	end
	local prepare, rules = options and options.prepare or "event", schema.of(read)
	if prepare ~= "none" then
		if #read == 0 then
			return payload -- an action without fields validates nothing
		end
		payload = validation.prepare(rules, payload, prepare == "batch")
	end
	return validation.validate(rules, payload)
end

return require("partnerapp.hints.names").strict("partnerapp.destination", destination)
