-- The story of an event as the views "story" and "stages" show it.
local pretty = require("partnerapp.destination").pretty
local visible = require "partnerapp_dashboard.visible"

local story_view = {}

local WORDS = { passed = "passed", stopped = "stopped here", skipped = "left out" }

-- What an event, a script or a partner's API has said, as it may be shown.
local function shown(text)
	local seen, whole = visible(text)
	return whole and seen or seen .. "\n… (only a part is shown)"
end

local function all_shown(texts)
	local list = {}
	for i, text in ipairs(texts or {}) do
		list[i] = shown(text)
	end
	return list
end

local function stages_of(list)
	local stages = {}
	for i, stage in ipairs(list or {}) do
		stages[i] = {
			result = stage.result,
			word = WORDS[stage.result],
			name = stage.stage,
			sentence = shown(stage.sentence),
			code = stage.code or false,
			details = all_shown(stage.details),
		}
	end
	return stages
end

local function headers_of(headers)
	local lines = {}
	for name, value in pairs(headers or {}) do
		lines[#lines + 1] = name .. ": " .. value
	end
	table.sort(lines)
	return shown(table.concat(lines, "\n"))
end

local function request_of(sent)
	if sent.batch_of_event then
		return { line = shown(sent.method .. " " .. sent.url), shared = sent.batch_of_event }
	end
	local answer = sent.answer
	return {
		line = shown(sent.method .. " " .. sent.url),
		shared = false,
		headers = headers_of(sent.headers),
		body = sent.body and shown(pretty(sent.body)) or false,
		error = sent.error and shown(sent.error) or false,
		sent = sent.sent or false,
		status = answer and answer.status or false,
		answer = answer and answer.body and answer.body ~= "" and shown(pretty(answer.body)) or false,
	}
end

local function outcome_of(outcome, requests)
	if not outcome then
		return false
	elseif outcome.delivered then
		local sent = requests and #requests > 0
		for _, one in ipairs(requests or {}) do
			sent = sent and one.sent
		end
		return { good = true, text = sent and "Delivered" or "Would be delivered; nothing was sent" }
	end
	local label = outcome.label and outcome.label ~= outcome.outcome and (" (%s)"):format(outcome.label) or ""
	local again = outcome.retried and "Segment tries again, within minutes and for up to 4 hours" or "not tried again"
	return { good = false, text = ("Not delivered: %s%s; %s"):format(outcome.outcome, label, again) }
end

--- A story as its view takes it.
---@param story table as shown_story.value makes it, or as it was kept
---@return table
function story_view.of(story)
	local actions = {}
	for i, action in ipairs(story.actions or {}) do
		local requests = {}
		for j, sent in ipairs(action.requests or {}) do
			requests[j] = request_of(sent)
		end
		actions[i] = {
			name = action.action,
			mapping = action.mapping or false,
			stages = stages_of(action.stages),
			payload = action.payload ~= nil and shown(pretty(action.payload)) or false,
			refused = action.refused ~= nil and shown(pretty(action.refused)) or false,
			requests = requests,
			outcome = outcome_of(action.outcome, requests),
		}
	end
	return {
		stages = stages_of(story.stages),
		actions = actions,
		outcome = outcome_of(story.outcome),
		cut = story.cut or false,
	}
end

return story_view
