-- Takes events through a destination for the dashboard's tester, as `partnerapp try` does: from the texts of a form.
local config = require "partnerapp.config"
local customer_settings = require "partnerapp.destination.customer_settings"
local customer_tokens = require "partnerapp.destination.customer_tokens"
local directives = require "partnerapp.destination.directives"
local files = require "partnerapp.destination.files"
local given_answers = require "partnerapp.destination.given_answers"
local handlers = require "partnerapp.destination.handlers"
local json = require "partnerapp.json"
local kept_stories = require "partnerapp.destination.kept_stories"
local log = require "partnerapp.log"
local mappings = require "partnerapp.destination.mappings"
local masking = require "partnerapp.destination.masking"
local members = require "partnerapp.destination.members"
local pretty = require "partnerapp.destination.pretty"
local recordings = require "partnerapp.destination.recordings"
local requests = require "partnerapp.destination.requests"
local samples = require "partnerapp.destination.samples"
local scripts = require "native.scripts"
local shown_story = require "partnerapp.destination.shown_story"
local slugs = require "partnerapp.destination.slug"
local stages = require "partnerapp.destination.stages"

local tester = {}

-- What events are tried with

--- What events can be tried with: the app's handlers of events (app:on), and the destinations with actions. The second
--- list is the files of destinations/ that do not load.
---@param app partnerapp.app
---@return table[] destinations, {name: string, message: string}[] broken
function tester.destinations(app)
	local list, broken = { handlers.destination(app) }, {}
	for _, name in ipairs(files.names()) do
		local found, message, code = files.load(name)
		if found and #found.actions > 0 then
			list[#list + 1] = found
		elseif code == "bad_definition" then
			broken[#broken + 1] = { name = name, message = log.masked(message) }
		end
	end
	return list, broken
end

--- One of them by its slug; "app" is the app's handlers.
---@param app partnerapp.app
---@param slug string
---@return table? destination, string? message, "not_found"|"bad_definition"|"no_actions"|nil code
function tester.find(app, slug)
	local found, message, code = files.load(slug)
	if not found and code == "not_found" and slug == handlers.SLUG then
		found, message = handlers.destination(app), "The app handles no events: app:on(…)."
	end
	if not found then
		return nil, log.masked(message), code
	elseif #found.actions == 0 and not found.handlers then
		return nil, "This destination has no actions: there is nothing to try.", "no_actions"
	end
	return found
end

-- Where an event comes from

tester.SAMPLES = samples.NAMES
tester.fitting_sample = samples.fitting

local KEPT = 10

--- The last events that reached a destination by way of the sandbox, newest first.
---@return {id: string, at: number, what: string}[]
function tester.kept_events()
	local list = {}
	for i, row in ipairs(kept_stories.latest(KEPT) or {}) do
		list[i] = { id = row.id, at = row.kept_at, what = row.what or "an event" }
	end
	return list
end

local function tests_of(slug)
	return "destinations/tests/" .. slugs.file(slug) .. "/"
end

--- The names of a destination's recorded tries.
---@param slug string
---@return string[]
function tester.tests(slug)
	local names, folder = {}, tests_of(slug)
	for _, name in ipairs(scripts.list("app", folder)) do
		names[#names + 1] = name:sub(#folder + 1):match "^([%w_-]+)%.test%.json$"
	end
	return names
end

local function recording_of(slug, name)
	local bytes = scripts.read("app", tests_of(slug) .. name .. ".test.json")
	local recording = bytes and json.decode(bytes, { order = true })
	return type(recording) == "table" and recording or nil
end

--- The event of a sample, of one that was kept, or of a recorded try, as text; the sample "track" when there is none.
---@param slug string
---@param from {sample: string?, kept: string?, test: string?}
---@return string
function tester.event_text(slug, from)
	local event
	if from.test then
		local recording = recording_of(slug, from.test)
		event = recording and (recording.events or recording.event)
	elseif from.kept then
		local text = kept_stories.find(from.kept)
		local value = text and json.decode(text, { order = true })
		event = type(value) == "table" and value.event
	end
	return pretty.json(event or samples.event(from.sample or "track") or samples.event "track")
end

--- The answers of a recorded try, one a line, as a person would write them; "" when every one is the usual stand-in.
---@param slug string
---@param name string
---@return string
function tester.answers_text(slug, name)
	local recording, lines, last = recording_of(slug, name), {}, 0
	for i, answer in ipairs(recording and recording.answers or {}) do
		local is_given = type(answer) == "table" and answer ~= json.null
		lines[i] = is_given and given_answers.text(answer) or "200 {}"
		last = is_given and i or last
	end
	return table.concat(lines, "\n", 1, last)
end

-- Mappings

---@class partnerapp.tester.mapping
---@field id string "defaults" or "preset NAME"
---@field text string
---@field values table a value or a directive for each field

--- The mappings that a destination itself has for an action.
---@param destination table
---@param action table
---@return partnerapp.tester.mapping[]
function tester.mappings(destination, action)
	local list = {}
	for _, preset in ipairs(destination.presets) do
		if preset.action == action.name then
			list[#list + 1] = {
				id = "preset " .. preset.name,
				text = ("the preset “%s”"):format(preset.name),
				values = preset.mapping,
			}
		end
	end
	list[#list + 1] = {
		id = "defaults",
		text = "the defaults of the fields",
		values = mappings.defaults(action.fields),
	}
	return list
end

-- Reading a form

-- The value of a JSON text; nil and a message when it is none.
local function read_json(text)
	local value, message, code = json.decode(text, { order = true })
	if code then
		return nil, message
	end
	return value
end

local function read_fields(texts, problems)
	local values = members.new()
	for _, pair in ipairs(texts) do
		local name, text = pair[1], pair[2]
		if text:find "%S" then
			local value, message = read_json(text)
			if message then
				problems.fields[name] = message
			else
				members.set(values, name, value)
			end
		end
	end
	return values
end

-- The answers of a text, one a line; nil and a message about one that cannot be read.
local function read_answers(text)
	local list = {}
	for line in (text or ""):gmatch "[^\n]+" do
		if line:find "%S" then
			local answer, message = given_answers.read(line)
			if not answer then
				return nil, message
			end
			list[#list + 1] = answer
		end
	end
	return list
end

---@class partnerapp.tester.asked
---@field event string JSON of an event or a list of events
---@field answers string? what the partner answers, one a line: see destination/given_answers
---@field action string? the name of one action; nil: as Segment would choose
---@field mapping {[1]: string, [2]: string}[]? names of the action's fields and their JSON
---@field settings table<string, string> by name; without those that are to come from .env or their default

---@class partnerapp.tester.input
---@field events table[]
---@field is_batch boolean
---@field action string?
---@field mapping table?
---@field settings table<string, any>
---@field auth table<string, string>?
---@field answers table[]

--- Reads what a form has.
---@param destination table
---@param asked partnerapp.tester.asked
---@param stand_ins boolean "test-…" for required settings that are not set
---@return partnerapp.tester.input? input
---@return {event: string?, answers: string?, fields: table<string, string>}? problems
function tester.read(destination, asked, stand_ins)
	local problems = { fields = {} }
	local event, message = read_json(asked.event)
	if message then
		problems.event = message
	elseif type(event) ~= "table" or event == json.null then
		problems.event = "an event is a JSON object, and several are a list of them"
	end
	local mapping = asked.action and asked.mapping and read_fields(asked.mapping, problems)
	local answers, unreadable = read_answers(asked.answers)
	problems.answers = unreadable
	if problems.event or problems.answers or next(problems.fields) then
		return nil, problems
	end
	local is_batch = members.is_array(event)
	return {
		events = is_batch and event or { event },
		is_batch = is_batch,
		action = asked.action,
		mapping = mapping,
		settings = customer_settings.values(destination, asked.settings, stand_ins),
		auth = customer_tokens.find(destination, stand_ins),
		answers = answers,
	}
end

--- What holds for a setting that the form leaves empty, in words.
---@param destination table
---@param field table
---@param stand_ins boolean whether something stands in for a required one
---@return string
function tester.setting_state(destination, field, stand_ins)
	local values, from = customer_settings.values(destination, nil, stand_ins)
	local source = from[field.name]
	if not source then
		return "empty: not set"
	elseif field.type == "password" then
		return "empty: " .. source
	end
	return ("empty: %s, %s"):format(tostring(values[field.name]), source)
end

--- Whether tries can be kept as tests.
---@return boolean
function tester.can_keep()
	return config.development
end

-- Running

---@class partnerapp.tester.run
---@field stories partnerapp.destination.story[]
---@field shown table[] each story as a value, with secrets masked
---@field text string the requests as lines, for a comparison; secrets masked
---@field calls string[] "POST https://api.example", once each: what a real run would call
---@field resolved table<string, string> what each field of the mapping gives for the first event

local function resolved(input)
	local values = {}
	for _, name in ipairs(input.mapping and members.names(input.mapping) or {}) do
		local one = members.new()
		members.set(one, name, input.mapping[name])
		local payload, message = directives.resolve(one, input.events[1])
		if message then
			values[name] = message
		elseif payload == nil or payload[name] == nil then
			values[name] = "nothing"
		else
			values[name] = pretty.json(masking.value(payload[name]))
		end
	end
	return values
end

local function texts_of(list)
	local texts, calls, seen = {}, {}, {}
	for i, sent in ipairs(list) do
		texts[i] = log.masked(recordings.text(sent))
		local call = ("%s %s"):format(sent.method, sent.url:match "^%a+://[^/?#]*" or sent.url)
		if not seen[call] then
			seen[call] = true
			calls[#calls + 1] = call
		end
	end
	return table.concat(texts, "\n\n"), calls
end

--- Takes the events through the destination. Nothing is sent unless `send`.
---@param destination table
---@param input partnerapp.tester.input
---@param send boolean
---@return partnerapp.tester.run
function tester.run(destination, input, send)
	local try = {
		settings = input.settings,
		auth = input.auth,
		action = input.action,
		mapping = input.mapping,
		transport = send and requests.send or given_answers.transport(input.answers),
	}
	local stories
	if input.is_batch then
		stories = stages.run_batch(destination, input.events, try)
	else
		stories = { stages.run(destination, input.events[1], try) }
	end
	local shown, seen = {}, {}
	for i, story in ipairs(stories) do
		shown[i] = shown_story.value(story, i, seen)
	end
	local text, calls = texts_of(recordings.requests(stories))
	return { stories = stories, shown = shown, text = text, calls = calls, resolved = resolved(input) }
end

--- Keeps a try as a test of the app: the file that `partnerapp try --save` writes. Only in development.
---@param destination table
---@param input partnerapp.tester.input
---@param stories partnerapp.destination.story[]
---@param name string of the test
---@return string? path, string? message
function tester.keep(destination, input, stories, name)
	if not config.development then
		return nil, "tests are kept in development only"
	elseif not name:find "^[%w_-]+$" or #name > 100 then
		return nil, "the name of a test has letters, digits, - and _"
	end
	local _, path = scripts.read("app", "init.lua")
	local recording = recordings.make(destination, {
		event = not input.is_batch and input.events[1] or nil,
		events = input.is_batch and json.array(input.events) or nil,
		action = input.action,
		mapping = input.mapping,
		settings = input.settings,
		auth = input.auth,
	}, stories)
	local folder = path:match "^(.*)/[^/]*$"
	local kept, message, code =
		require("native.recordings").keep(folder, slugs.file(destination.slug), name, pretty.json(recording) .. "\n")
	if code == "exists" then
		return nil, ("there is a test '%s' already: choose another name"):format(name)
	end
	return kept, message
end

return tester
