-- The event intake of api.segment.io: /v1/track and the other calls, /v1/batch, the short addresses of analytics.js
-- and pixels. Nearly everything is answered with 200 and, when it cannot be used, dropped after that; GET
-- /_sandbox/events shows what became of each event.
local addresses = require "events.addresses"
local assumptions = require "assumptions"
local cors = require "events.cors"
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local destination = require "partnerapp.destination"
local envelope = require "events.envelope"
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

local function source_of(key)
	return key and db.row("SELECT * FROM sources WHERE write_key = ?", key)
end

local NO_KEY =
	{ "the request has no write key: neither as the user of Basic nor as writeKey", "Source missing write key" }
local WRONG_KEY = {
	"no source has this write key; the sandbox's page shows those that there are",
	"Could not find source from write key",
}

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
	local key = envelope.write_key(req, value)
	take_of(key, source_of(key), given, batch)
end

-- Keeps what a request sent that goes no further.
local function log_stopped(req, value, given, ...)
	local source = source_of(envelope.write_key(req, value))
	log(source and source.name, { stopped_by("failed-ingest", given, ...) }, {})
end

-- Keeps a request that cannot be read, when the delivery overview has a row for it: `label`.
local function log_unread(req, text, message, label)
	if label then
		local given = text and utf8.len(text) and short(text) or json.null
		log_stopped(req, {}, { given = given }, "BAD_REQUEST", message, label)
	end
end

local function refuse(req, message, label)
	log_unread(req, req.body, message, label)
	return reply.json({ success = false, message = message }, 400)
end

local function accepted()
	return reply.json(assumptions.intake_accepted)
end

local function take_call(kind)
	return function(req)
		local value, message, label = envelope.read(req, CALL_MOST)
		if not value then
			return refuse(req, message, label)
		end
		value.type = kind
		take(req, value, { value })
		return accepted()
	end
end

local function take_batch(req)
	local value, message, label = envelope.read(req, BATCH_MOST)
	if not value then
		return refuse(req, message, label)
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
		log_stopped(req, value, value, "empty_batch", "the batch has no events")
	end
	take(req, value, value.batch, value)
	return accepted()
end

-- A transparent image of one pixel.
local GIF = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"

-- A pixel is an image in a mail or on a page without scripts: the answer is the image, whatever became of the event.
local function take_pixel(kind)
	return function(req)
		local image = { status = 200, headers = { ["content-type"] = "image/gif" }, body = GIF }
		if req.method == "HEAD" then -- a program looks whether the image is there
			return image
		end
		local value, message, label = envelope.of_pixel(req)
		if value then
			value.type = kind
			take(req, value, { value })
		else
			log_unread(req, req.query.data, message, label)
		end
		return image
	end
end

-- The counts are no events, and are not kept.
local function take_counts()
	return accepted()
end

local UNGUARDED = { csrf = false } -- pages of other origins send events: see events/cors.lua

return function(app)
	for path, kind in pairs(addresses.calls) do
		app:post(path, take_call(kind), UNGUARDED)
	end
	for path, kind in pairs(addresses.pixels) do
		app:get(path, take_pixel(kind))
	end
	for _, path in ipairs(addresses.batches) do
		app:post(path, take_batch, UNGUARDED)
	end
	app:post(addresses.counts, take_counts, UNGUARDED)
	app:after(cors.after)
end
