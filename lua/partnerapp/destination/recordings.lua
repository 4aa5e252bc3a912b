-- Recorded tries: an event, what it became, and what was answered, kept without secrets and checked again offline. The
-- format is in docs/destinations.md.
local customer_settings = require "partnerapp.destination.customer_settings"
local customer_tokens = require "partnerapp.destination.customer_tokens"
local files = require "partnerapp.destination.files"
local given_answers = require "partnerapp.destination.given_answers"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"
local pretty = require "partnerapp.destination.pretty"
local stages = require "partnerapp.destination.stages"

local recordings = {}

-- Headers of answers that are credentials, or differ in every answer.
local DROPPED = { ["set-cookie"] = true, authorization = true, ["www-authenticate"] = true, date = true, age = true }
local SECRET_LEAST = 4 -- bytes: a shorter value is part of too much else

-- The settings with a stand-in for every password, and the secrets that they stand for.
local function stand_ins(destination, settings)
	local values, secrets = members.new(), {}
	for _, field in ipairs(destination.settings) do
		local value = settings[field.name]
		if field.type == "password" and type(value) == "string" then
			local stand_in = customer_settings.stand_in(field.name, value)
			secrets[#secrets + 1] = { value, stand_in }
			value = stand_in
		end
		members.set(values, field.name, value)
	end
	return values, secrets
end

local function replaced(text, secret, stand_in)
	local parts, from = {}, 1
	while #secret >= SECRET_LEAST do
		local at, to = text:find(secret, from, true)
		if not at then
			break
		end
		parts[#parts + 1] = text:sub(from, at - 1)
		parts[#parts + 1] = stand_in
		from = to + 1
	end
	parts[#parts + 1] = text:sub(from)
	return table.concat(parts)
end

local function without_secrets(text, secrets)
	for _, pair in ipairs(secrets) do
		text = replaced(text, pair[1], pair[2])
	end
	return text
end

local function kept_answer(answer, secrets)
	local headers = members.new()
	for _, name in ipairs(members.names(answer.headers or {})) do
		if not DROPPED[name] then
			members.set(headers, name, without_secrets(answer.headers[name], secrets))
		end
	end
	local kept = members.new()
	members.set(kept, "status", answer.status)
	members.set(kept, "headers", headers)
	-- A token that the answer itself brought, for a renewal, is one that the log masks.
	members.set(kept, "body", log.masked(without_secrets(answer.body or "", secrets)))
	return kept
end

--- All requests of some stories, in their order. A batch's requests are in every story of it.
---@param stories partnerapp.destination.story[]
---@return partnerapp.destination.sent[]
function recordings.requests(stories)
	local list, seen = {}, {}
	for _, story in ipairs(stories) do
		for _, path in ipairs(story.paths) do
			for _, sent in ipairs(path.requests) do
				if not seen[sent] then
					seen[sent] = true
					list[#list + 1] = sent
				end
			end
		end
	end
	return list
end

local function run(destination, recording, transport)
	local try = {
		settings = recording.settings,
		auth = recording.auth,
		action = recording.action,
		mapping = recording.mapping,
		transport = transport,
	}
	if recording.events then
		return stages.run_batch(destination, recording.events, try)
	end
	return { stages.run(destination, recording.event, try) }
end

--- One word for what became of each action of each event: "delivered", or a code of Segment's delivery overview.
---@param stories partnerapp.destination.story[]
---@return string[]
function recordings.outcomes(stories)
	local list = json.array {}
	for _, story in ipairs(stories) do
		if story.outcome then
			list[#list + 1] = story.outcome.outcome
		end
		for _, path in ipairs(story.paths) do
			list[#list + 1] = path.outcome.delivered and "delivered" or path.outcome.outcome
		end
	end
	return list
end

local function kept_request(sent)
	local kept = members.new()
	members.set(kept, "method", sent.method)
	members.set(kept, "url", sent.url)
	members.set(kept, "headers", sent.headers)
	members.set(kept, "body", sent.body)
	return kept
end

--- Makes a recording. The requests are computed again, with stand-ins for every password and the answers that came.
---@param destination table see destination/definition
---@param input {event: table?, events: table[]?, action: string?, mapping: table?, settings: table, auth: table?}
---@param stories partnerapp.destination.story[] of the try
---@return table recording
function recordings.make(destination, input, stories)
	local settings, secrets = stand_ins(destination, input.settings)
	local auth = customer_tokens.stand_ins(destination)
	for name, value in pairs(auth and input.auth or {}) do
		secrets[#secrets + 1] = { value, auth[name] }
	end
	local recording, answers = members.new(), json.array {}
	for i, sent in ipairs(recordings.requests(stories)) do
		local answer = sent.answer
		answers[i] = answer and not answer.stand_in and kept_answer(answer, secrets) or json.null
	end
	members.set(recording, "action", input.action)
	members.set(recording, input.events and "events" or "event", input.events or input.event)
	members.set(recording, "mapping", input.mapping)
	members.set(recording, "settings", settings)
	members.set(recording, "auth", auth)
	recordings.update(destination, recording, answers)
	return recording
end

-- Answers in their order; a stand-in where none was recorded.
local function replay(answers, note)
	local count, answer = 0, given_answers.transport(answers)
	return function(request)
		count = count + 1
		if note and not note(count, request) then
			return nil, "the request is not listed", "denied"
		end
		return answer(request)
	end
end

--- Computes the requests and outcomes of a recording again, and puts them into it. Settings that the destination has no
--- more are left out, and those that it requires now have a stand-in.
---@param destination table
---@param recording table
---@param answers table? the recorded ones unless given
function recordings.update(destination, recording, answers)
	answers = answers or recording.answers or {}
	members.set(recording, "settings", customer_settings.completed(destination, recording.settings))
	local stories = run(destination, recording, replay(answers))
	local kept = json.array {}
	for i, sent in ipairs(recordings.requests(stories)) do
		kept[i] = kept_request(sent)
	end
	members.set(recording, "requests", kept)
	members.set(recording, "answers", answers)
	members.set(recording, "outcomes", recordings.outcomes(stories))
end

--- A request or an answer as lines, for a comparison.
---@param request table
---@return string
function recordings.text(request)
	local lines = { ("%s %s"):format(request.method, request.url) }
	local names = {}
	for name in pairs(request.headers or {}) do
		names[#names + 1] = name
	end
	table.sort(names)
	for _, name in ipairs(names) do
		lines[#lines + 1] = ("%s: %s"):format(name, request.headers[name])
	end
	if request.body then
		lines[#lines + 1] = ""
		lines[#lines + 1] = pretty.body(request.body, request.headers and request.headers["content-type"])
	end
	return table.concat(lines, "\n")
end

local function unlisted(listed, request)
	local name = ("%s %s"):format(request.method, request.url)
	local names = {}
	for i, one in ipairs(listed) do
		names[i] = ("%s %s"):format(one.method, one.url)
	end
	return ("%s is not listed%s"):format(name, nearest(name, names))
end

--- Why a recording tests nothing of a destination any more, so that no update can help: it has an action that is gone.
---@param destination table
---@param recording table
---@return string?
function recordings.problem(destination, recording)
	if recording.action and not destination.actions[recording.action] then
		return files.unknown_action(destination, recording.action)
	end
end

---@class partnerapp.destination.difference
---@field message string
---@field wanted string? lines
---@field got string? lines

-- How two requests differ, as the lines of both; nil when they do not, as most of many recordings.
local function difference(wanted, got)
	local same_line = wanted.url == got.url and wanted.method == got.method
	if same_line and wanted.body == got.body and members.equal(wanted.headers or {}, got.headers or {}) then
		return nil
	end
	local wanted_text, got_text = recordings.text(wanted), recordings.text(got)
	if wanted_text ~= got_text then
		return wanted_text, got_text
	end
end

--- Runs a recording offline. A request that it does not list is a difference, and so is another request, another number
--- of them and another outcome.
---@param destination table
---@param recording table
---@return partnerapp.destination.difference[]
function recordings.check(destination, recording)
	local differences, listed = {}, recording.requests or {}
	local function note(number, request)
		local wanted = listed[number]
		if wanted and wanted.method == request.method and wanted.url == request.url then
			return true
		end
		differences[#differences + 1] = { message = unlisted(listed, request) }
		return false
	end
	local stories = run(destination, recording, replay(recording.answers or {}, note))
	local made = recordings.requests(stories)
	for i, wanted in ipairs(listed) do
		local got = made[i]
		local text, shown
		if got and wanted.url == got.url then -- another URL is told as a request that is not listed
			text, shown = difference(wanted, got)
		end
		if not got then
			text = recordings.text(wanted)
			differences[#differences + 1] = { message = ("request %d was not made"):format(i), wanted = text, got = "" }
		elseif text then
			differences[#differences + 1] = { message = ("request %d differs"):format(i), wanted = text, got = shown }
		end
	end
	local outcomes, wanted_outcomes = recordings.outcomes(stories), recording.outcomes or json.array {}
	if json.encode(outcomes) ~= json.encode(wanted_outcomes) then
		local wanted, got = pretty.json(wanted_outcomes), pretty.json(outcomes)
		local why = {}
		for _, story in ipairs(stories) do
			why[#why + 1] = story.outcome and story.outcome.message
			for _, path in ipairs(story.paths) do
				why[#why + 1] = path.outcome.message
			end
		end
		local message = "the outcome differs" .. (#why > 0 and ": " .. table.concat(why, "; ") or "")
		differences[#differences + 1] = { message = message, wanted = wanted, got = got }
	end
	return differences
end

return recordings
