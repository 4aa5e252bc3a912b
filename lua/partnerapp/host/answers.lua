-- Answers what the sandbox of the same process asks about the app: which destinations it has, what one of them makes of
-- an event, and the story of an event. Questions and answers are JSON objects; see partnerapp.neighbour.
local catalog_entry = require "partnerapp.destination.catalog_entry"
local customer_settings = require "partnerapp.destination.customer_settings"
local customer_tokens = require "partnerapp.destination.customer_tokens"
local files = require "partnerapp.destination.files"
local json = require "partnerapp.json"
local kept_stories = require "partnerapp.destination.kept_stories"
local log = require "partnerapp.log"

local answers = {}

local questions = {}

--- The app's destinations, as entries of a catalog. A file that is wrong is left out: `check` and `try` tell why.
function questions.destinations()
	local list = json.array {}
	for _, name in ipairs(files.names()) do
		local destination, message, code = files.load(name)
		if destination then
			list[#list + 1] = catalog_entry.of(destination)
		elseif code == "bad_definition" then
			log.warn("a destination is not in the sandbox's catalog", { file = name, error = message })
		end
	end
	return { destinations = list }
end

-- The settings of a connected destination: what the customer set in the sandbox, else the defaults.
local function settings_of(destination, given)
	local values = {}
	for _, field in ipairs(destination.settings) do
		local value = given[field.name]
		if value == nil or value == "" or value == json.null then
			value = field.default
		end
		values[field.name] = value
	end
	customer_settings.mask(destination, values)
	return values
end

-- The outcome of an event that may have reached several actions: the best one.
local function summary(story)
	local best = story.outcome
	for _, path in ipairs(story.paths) do
		local one = path.outcome
		if not best or one.delivered or best.outcome == "FILTERED_AT_MAPPING" and not best.delivered then
			best = one
		end
		if best.delivered then
			break
		end
	end
	return best
end

--- Runs a destination on an event and keeps the story. Nothing is sent unless asked.
---@param asked {slug: string, event: table, settings: table, send: boolean?}
function questions.deliver(asked)
	local destination, message, code = files.load(asked.slug)
	if not destination or #destination.actions == 0 then
		return { error = message or "the destination has no actions", code = code or "no_actions" }
	end
	local shown_story = require "partnerapp.destination.shown_story"
	local stages = require "partnerapp.destination.stages"
	local story = stages.run(destination, asked.event, {
		settings = settings_of(destination, asked.settings),
		auth = customer_tokens.find(destination, not asked.send),
		transport = asked.send and require("partnerapp.destination.requests").send or nil,
	})
	local result = summary(story)
	local about = { slug = asked.slug, outcome = result }
	local id, problem = kept_stories.keep(shown_story.value(story, 1, {}), about)
	if not id then
		log.error("a story cannot be kept", { error = problem })
	end
	return {
		delivered = result.delivered,
		outcome = result.outcome,
		label = result.label,
		stage = result.stage,
		retried = result.retried,
		message = result.message and log.masked(result.message),
		story = id,
	}
end

--- The story of an event.
---@param asked {id: string}
function questions.story(asked)
	local text, message, code = kept_stories.find(asked.id)
	if not text then
		return { error = message or "this story is not kept any more", code = code or "not_found" }
	end
	return { story = json.decode(text, { order = true }) }
end

--- Answers a question.
---@param text string JSON: { question = "destinations", … }
---@return string JSON; { error, code } when it has no answer
function answers.answer(text)
	local asked = json.decode(text)
	local answer = type(asked) == "table" and questions[asked.question]
	local value = answer and answer(asked) or { error = "there is no such question", code = "usage" }
	return assert(json.encode(value, { javascript = true }))
end

return answers
