-- The story of an event, at /stories/ID: what the app's own destination made of it, stage by stage, with its requests.
local destination = require "partnerapp.destination"
local html = require "pages.html"
local loop = require "events.loop"
local reply = require "partnerapp.reply"

local MARKS = { passed = "✓", stopped = "✗", skipped = "·" }
local WORDS = { passed = "passed", stopped = "stopped here", skipped = "left out" }

local function shown_stages(list)
	local stages = {}
	for i, stage in ipairs(list or {}) do
		stages[i] = {
			mark = MARKS[stage.result],
			word = WORDS[stage.result],
			name = stage.stage,
			sentence = stage.sentence,
			code = stage.code or false,
			details = stage.details or {},
		}
	end
	return stages
end

local function shown_request(sent)
	local headers = {}
	for name, value in pairs(sent.headers or {}) do
		headers[#headers + 1] = name .. ": " .. value
	end
	table.sort(headers)
	local answer = sent.answer and ("%d %s"):format(sent.answer.status, sent.answer.body or "")
	return {
		line = sent.method .. " " .. sent.url,
		headers = table.concat(headers, "\n"),
		body = sent.body and destination.pretty(sent.body) or false,
		answer = sent.error and "none: " .. sent.error or answer or "not sent; the answer was a stand-in, 200 {}",
	}
end

local function are_sent(requests)
	for _, sent in ipairs(requests) do
		if not sent.sent then
			return false
		end
	end
	return #requests > 0
end

local function shown_outcome(outcome, requests)
	if not outcome then
		return false
	elseif outcome.delivered then
		return are_sent(requests or {}) and "Delivered" or "Would be delivered; nothing was sent"
	end
	local label = outcome.label and outcome.label ~= outcome.outcome and " (" .. outcome.label .. ")" or ""
	return ("Not delivered: %s%s"):format(outcome.outcome, label)
end

local function shown_action(action)
	local requests = {}
	for i, sent in ipairs(action.requests or {}) do
		requests[i] = shown_request(sent)
	end
	return {
		name = action.action,
		stages = shown_stages(action.stages),
		payload = action.payload ~= nil and destination.pretty(action.payload) or false,
		refused = action.refused ~= nil and destination.pretty(action.refused) or false,
		requests = requests,
		outcome = shown_outcome(action.outcome, action.requests),
	}
end

local function show(req)
	local story, message, code = loop.story(req.params.id)
	if not story then
		return reply.failed(loop.status_of(code), "This story cannot be shown: " .. message)
	end
	local actions = {}
	for i, action in ipairs(story.actions or {}) do
		actions[i] = shown_action(action)
	end
	return html.show("story", {
		title = "What " .. tostring(story.destination) .. " made of an event",
		width = "wide",
		cut = story.cut or false,
		event = story.event and destination.pretty(story.event) or false,
		stages = shown_stages(story.stages),
		actions = actions,
		outcome = shown_outcome(story.outcome),
	})
end

return function(app)
	app:get("/stories/:id", show)
end
