-- The event intake of api.segment.io: /v1/track and the other calls, and /v1/batch. Nearly everything is answered with
-- 200 and, when it cannot be used, dropped after that; GET /_sandbox/events shows what became of each event. Requests
-- of pages of other origins (CORS) are left out.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local destination = require "partnerapp.destination"
local event_log = require "events.event_log"
local json = require "partnerapp.json"
local plan = require "filtering.plan"
local reply = require "partnerapp.reply"
local retries = require "events.retries"
local short = require "partnerapp.short"
local spec = require "events.spec"
local store = require "store"
local story = require "events.story"

local CALL_MOST, BATCH_MOST, EVENTS_MOST = 32 << 10, 500 << 10, 2500

-- An event that goes no further, for `outcome`.
local function stopped(event, outcome, entry)
	return { event = event, outcomes = { dropped = outcome }, story = { entry } }
end

local function stopped_by(stage, event, outcome, sentence, label)
	return stopped(event, outcome, story.row(stage, outcome, sentence, { label = label }))
end

-- The write key of a request: a string, or nil when there is none.
local function write_key(req, value)
	local user = req:basic()
	local key = user and user ~= "" and user or value.writeKey
	return type(key) == "string" and key ~= "" and key or nil
end

local function source_of(key)
	return key and db.row("SELECT * FROM sources WHERE write_key = ?", key)
end

local NO_KEY =
	{ "the request has no write key: neither as the user of Basic nor as writeKey", "Source missing write key" }
local WRONG_KEY = { "no source has this write key", "Could not find source from write key" }

-- Why an event goes no further than the intake: an outcome, a sentence and a label, or nothing.
local function intake_problem(event, key, source)
	if not source then
		return "unknown_source", table.unpack(key and WRONG_KEY or NO_KEY)
	elseif event.type == "delete" then
		return "bad_request", "type is delete: the intake takes no deletions"
	end
	local taken, message, code = destination.accepts(event)
	if not taken then
		return code, message
	end
end

-- An event after intake and tracking plan. It goes on to the destinations when `goes_on`; `is_blocked` says that the
-- plan keeps it back.
local function judge(key, source, rules, given, batch)
	if type(given) ~= "table" or json.is_array(given) then
		return stopped_by("failed-ingest", { given = given }, "bad_request", "an event is a JSON object")
	end
	local event = spec.complete(given, batch)
	local outcome, sentence, label = intake_problem(event, key, source)
	if outcome then
		return stopped_by("failed-ingest", event, outcome, sentence, label)
	end
	local left, said, blocked = event, nil, nil
	if rules then
		left, said, blocked = plan.apply(rules, event)
	end
	if not left then
		local taken = stopped_by("filtered-source", event, blocked, said)
		taken.is_blocked = true
		return taken
	end
	local entry = said and { stage = "source", sentence = said } or nil
	return { event = left, outcomes = {}, story = { entry }, goes_on = true }
end

local function log(source, list, pending)
	for _, taken in ipairs(list) do
		event_log.add(source, taken.event, taken.outcomes, taken.story)
	end
	for _, one in ipairs(pending) do
		local numbers = {}
		for _, taken in ipairs(one.list) do
			numbers[#numbers + 1] = event_log.find(source, taken.event.messageId)
		end
		if numbers[1] then -- none when the log could not be written or was reset meanwhile
			retries.add(numbers, one)
		end
	end
end

local REPEATED = { stage = "ingest", sentence = "an event with this messageId came before" }

-- Takes events of a source. Those that a tracking plan blocks go to the source that its configuration names for them.
local function take_of(key, source, given, batch, is_forwarded)
	local rules = source and plan.of(source)
	local all, going, blocked, seen = {}, {}, {}, {}
	for i, one in ipairs(given) do
		local taken = judge(key, source, rules, one, batch)
		local id = taken.event.messageId
		if (taken.goes_on or taken.is_blocked) and (seen[id] or event_log.find(source.name, id)) then
			taken = stopped(taken.event, "duplicate", REPEATED)
		end
		all[i], seen[id or ""] = taken, true
		going[#going + 1] = taken.goes_on and taken or nil
		blocked[#blocked + 1] = taken.is_blocked and taken.event or nil
	end
	local pending = going[1] and delivery.deliver(source.name, going) or {}
	log(source and source.name, all, pending)
	local other = not is_forwarded and blocked[1] and plan.blocked_to(source)
	if other then
		take_of(key, other, blocked, nil, true)
	end
end

local function take(req, value, given, batch)
	local key = write_key(req, value)
	take_of(key, source_of(key), given, batch)
end

-- The response to a request that cannot be read; `label` is that of its row, when there is one.
local function refuse(req, message, label)
	if label then
		local source = source_of(write_key(req, {}))
		local given = req.body and utf8.len(req.body) and short(req.body) or json.null
		log(
			source and source.name,
			{ stopped_by("failed-ingest", { given = given }, "BAD_REQUEST", message, label) },
			{}
		)
	end
	return reply.json({ success = false, message = message }, 400)
end

-- The decoded object of a request, or nil and the response that refuses the request.
local function read(req, most)
	local body, kind = req.body or "", (req:header "content-type" or ""):lower()
	if #body > most then
		return nil, refuse(req, ("too large: at most %d bytes"):format(most))
	elseif not (kind .. ";"):find "^%s*[^%s/;]+/[^%s/;]+%s*;" then
		return nil, refuse(req, "Content-Type must be application/json", "Could not parse content-type")
	elseif not kind:find "^%s*application/json" then
		return nil, refuse(req, "Content-Type must be application/json", "Unsupported content-type")
	end
	local value = json.decode(body)
	if type(value) ~= "table" or json.is_array(value) then
		return nil, refuse(req, "malformed JSON", "Could not parse request body")
	end
	return value
end

local function accepted()
	return reply.json(assumptions.intake_accepted)
end

local function take_call(kind)
	return function(req)
		local value, refusal = read(req, CALL_MOST)
		if not value then
			return refusal
		end
		value.type = kind
		take(req, value, { value })
		return accepted()
	end
end

local function take_batch(req)
	local value, refusal = read(req, BATCH_MOST)
	if not value then
		return refusal
	elseif not json.is_array(value.batch) then
		return refuse(req, "batch must be a list")
	elseif #value.batch > EVENTS_MOST then
		return refuse(req, ("too large: at most %d events in a batch"):format(EVENTS_MOST))
	end
	for _, event in ipairs(value.batch) do
		if #store.encode(event) > CALL_MOST then
			return refuse(req, ("too large: at most %d bytes for each event"):format(CALL_MOST))
		end
	end
	if #value.batch == 0 then
		local source = source_of(write_key(req, value))
		log(
			source and source.name,
			{ stopped_by("failed-ingest", value, "empty_batch", "the batch has no events") },
			{}
		)
	end
	take(req, value, value.batch, value)
	return accepted()
end

return function(app)
	for kind in pairs(spec.types) do
		app:post("/v1/" .. kind, take_call(kind), { csrf = false })
	end
	app:post("/v1/batch", take_batch, { csrf = false })
end
