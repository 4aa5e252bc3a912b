-- The event intake of api.segment.io: /v1/track and its like, and /v1/batch. Nearly everything is 200; what is of no
-- use is dropped after that. GET /_sandbox/events tells what became of it. Not done: calls by pages of other origins
-- (CORS), and tracking plans, which are kept but not applied to events.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local spec = require "events.spec"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"
local retries = require "events.retries"
local store = require "store"

local intake = {}

local CALL_MOST, BATCH_MOST, EVENTS_MOST = 32 << 10, 500 << 10, 2500
local KEPT = 500

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
	return row and row.name
end

local function note(source, event, outcomes)
	local _, n = db.exec_soon(
		"INSERT INTO events (time, source, type, message_id, body, outcomes) VALUES (?, ?, ?, ?, ?, ?)",
		store.now(),
		source,
		type(event.type) == "string" and event.type or nil,
		type(event.messageId) == "string" and event.messageId or nil,
		store.encode(event),
		store.encode(outcomes)
	)
	if n and n > KEPT then
		db.exec_soon("DELETE FROM events WHERE n <= ?", n - KEPT)
	end
	return n
end

local function is_known(source, event)
	return db.row("SELECT 1 FROM events WHERE source = ? AND message_id = ?", source, event.messageId)
end

local function take(source, given, batch)
	if type(given) ~= "table" or json.is_array(given) then
		return note(source, { given = given }, { dropped = "no_object" })
	end
	local event = spec.complete(given, batch)
	local problem = not source and "no_source" or spec.problem(event) or is_known(source, event) and "duplicate"
	if problem then
		return note(source, event, { dropped = problem })
	end
	local outcomes, pending = delivery.deliver(source, event)
	retries.add(note(source, event, outcomes), pending)
end

-- The decoded object of a request, or nil and the response that refuses it.
local function read(req, most)
	local body = req.body or ""
	if #body > most then
		return nil, refuse "too large"
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
		return refuse "too large"
	end
	for _, event in ipairs(value.batch) do
		if #store.encode(event) > CALL_MOST then
			return refuse "too large"
		end
	end
	local source = source_of(req, value)
	for _, event in ipairs(value.batch) do
		take(source, event, value)
	end
	return accepted()
end

--- The last events, newest last, and what became of them.
---@param count integer
---@return table[]
function intake.last(count)
	local list = json.array {}
	local sql = "SELECT * FROM (SELECT * FROM events ORDER BY n DESC LIMIT ?) ORDER BY n"
	for i, row in ipairs(assert(db.query(sql, count))) do
		list[i] = {
			time = store.timestamp(row.time),
			source = row.source,
			event = store.decode(row.body),
			outcomes = store.decode(row.outcomes),
		}
	end
	return list
end

function intake.routes(app)
	for kind in pairs(spec.types) do
		app:post("/v1/" .. kind, take_call(kind), { csrf = false })
	end
	app:post("/v1/batch", take_batch, { csrf = false })
end

return intake
