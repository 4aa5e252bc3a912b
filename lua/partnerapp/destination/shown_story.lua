-- What may be shown of a story: as a value for JSON, with credentials and known secrets masked.
local credentials = require "partnerapp.destination.credentials"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local masking = require "partnerapp.destination.masking"
local members = require "partnerapp.destination.members"

local shown_story = {}

--- The value of a request's header as it may be shown.
---@param name string in lower case
---@param value string
---@return string
function shown_story.header(name, value)
	if not credentials.is_header(name) then
		return log.masked(value)
	end
	local scheme = value:match "^(%a+) "
	return scheme and scheme .. " ***" or "***"
end

--- The number of the event that showed a request before: those of a batch share one. nil when it is the first.
---@param shown table<partnerapp.destination.sent, integer> filled in
---@param sent partnerapp.destination.sent
---@param number integer of the event
---@return integer?
function shown_story.before(shown, sent, number)
	if not shown[sent] then
		shown[sent] = number
		return nil
	end
	return shown[sent] ~= number and shown[sent] or nil
end

local function masked_headers(headers)
	local shown = members.new()
	for _, name in ipairs(members.names(headers)) do
		members.set(shown, name, masking.value(shown_story.header(name, headers[name])))
	end
	return shown
end

-- An answer may have credentials that nothing has named a secret before: a token for a partner's API, for instance.
local function masked_answer(answer)
	local texts = require("native.traffic").redacted { response_body = answer.body or "" }
	return {
		status = answer.status,
		headers = masked_headers(answer.headers or {}),
		body = masking.value(texts.response_body),
	}
end

local function masked_request(sent)
	return {
		method = sent.method,
		url = masking.value(sent.url),
		headers = masked_headers(sent.headers),
		body = masking.value(sent.body),
		sent = sent.sent,
		error = masking.value(sent.error),
		answer = sent.answer and not sent.answer.stand_in and masked_answer(sent.answer) or nil,
	}
end

-- Lists marked as such, for an empty one is [] then, with secrets masked: the sentence of a stage has what a script
-- raised.
local function marked(stages)
	for _, stage in ipairs(stages) do
		stage.details = stage.details and json.array(stage.details)
	end
	return masking.value(json.array(stages))
end

local function masked_requests(list, number, shown)
	local values = json.array {}
	for i, sent in ipairs(list) do
		local before = shown_story.before(shown, sent, number)
		values[i] = before and { method = sent.method, url = log.masked(sent.url), batch_of_event = before }
			or masked_request(sent)
	end
	return values
end

--- A story as a value for json.encode with the option `javascript`.
---@param one partnerapp.destination.story
---@param number integer of the event
---@param shown table the requests that earlier events of the same try showed; filled in
---@return table
function shown_story.value(one, number, shown)
	local paths = json.array {}
	for i, path in ipairs(one.paths) do
		paths[i] = {
			action = path.action,
			trigger = path.trigger,
			mapping = path.from,
			stages = marked(path.stages),
			payload = masking.value(path.payload),
			refused = masking.value(path.refused),
			requests = masked_requests(path.requests, number, shown),
			choices = path.choices and masking.value(json.array(path.choices)),
			outcome = masking.value(path.outcome),
		}
	end
	return {
		destination = one.destination,
		event = masking.value(one.event),
		stages = marked(one.stages),
		actions = paths,
		outcome = masking.value(one.outcome),
	}
end

return shown_story
