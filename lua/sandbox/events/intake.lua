-- The event intake of api.segment.io: /v1/track and the other calls, and /v1/batch. Nearly everything is answered with
-- 200 and, when it cannot be used, dropped after that; GET /_sandbox/events shows what became of each event. Two things
-- are left out: requests of pages of other origins (CORS), and tracking plans, which are stored but not applied.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local event_log = require "events.event_log"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"
local retries = require "events.retries"
local spec = require "events.spec"
local store = require "store"

local CALL_MOST, BATCH_MOST, EVENTS_MOST = 32 << 10, 500 << 10, 2500

local function refuse(message)
	return reply.json({ success = false, message = message }, 400)
end

local function source_of(req, value)
	local user = req:basic()
	local key = user and user ~= "" and user or value.writeKey
	if type(key) ~= "string" then
		return nil
	end
	local row = db.row("SELECT name FROM sources WHERE write_key = ?", key)
	return row and row.name or nil
end

local function take(source, given, batch)
	if type(given) ~= "table" or json.is_array(given) then
		return event_log.add(source, { given = given }, { dropped = "no_object" })
	end
	local event = spec.complete(given, batch)
	local problem = not source and "no_source"
		or spec.problem(event)
		or event_log.find(source, event.messageId) and "duplicate"
	if problem then
		return event_log.add(source, event, { dropped = problem })
	end
	local outcomes, pending, stories = delivery.deliver(source, event)
	event_log.add(source, event, outcomes, stories)
	local n = pending[1] and event_log.find(source, event.messageId)
	if n then -- nil when the log could not be written or was reset meanwhile
		retries.add(n, pending)
	end
end

-- The decoded object of a request, or nil and the response that refuses the request.
local function read(req, most)
	local body = req.body or ""
	if #body > most then
		return nil, refuse(("too large: at most %d bytes"):format(most))
	elseif not (req:header "content-type" or ""):lower():find "^application/json" then
		return nil, refuse "Content-Type must be application/json"
	end
	local value = json.decode(body)
	if type(value) ~= "table" or json.is_array(value) then
		return nil, refuse "malformed JSON"
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
		take(source_of(req, value), value)
		return accepted()
	end
end

local function take_batch(req)
	local value, refusal = read(req, BATCH_MOST)
	if not value then
		return refusal
	elseif not json.is_array(value.batch) then
		return refuse "batch must be a list"
	elseif #value.batch > EVENTS_MOST then
		return refuse(("too large: at most %d events in a batch"):format(EVENTS_MOST))
	end
	for _, event in ipairs(value.batch) do
		if #store.encode(event) > CALL_MOST then
			return refuse(("too large: at most %d bytes for each event"):format(CALL_MOST))
		end
	end
	local source = source_of(req, value)
	for _, event in ipairs(value.batch) do
		take(source, event, value)
	end
	return accepted()
end

return function(app)
	for kind in pairs(spec.types) do
		app:post("/v1/" .. kind, take_call(kind), { csrf = false })
	end
	app:post("/v1/batch", take_batch, { csrf = false })
end
