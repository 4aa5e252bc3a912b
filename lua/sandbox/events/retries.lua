-- Events that no hook accepted but may accept later: delivered again on the sandbox's clock, with growing pauses, for
-- four hours (docs/segment.md 7.4).
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local event_log = require "events.event_log"
local json = require "partnerapp.json"
local retry = require "partnerapp.retry"
local store = require "store"

local retries = {}

local PAUSE, PAUSE_MOST = 10, 3600 -- seconds
local AT_ONCE = 100

local INSERT = [[INSERT INTO retries (event, destination, slug, body, signed, events, tries, due, until)
	VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING]]

local function next_try(tries)
	return store.now() + math.floor(retry.backoff(tries, PAUSE, PAUSE_MOST) * 1000) + 1000
end

--- Stores what is to be delivered again.
---@param events integer[] numbers in the event log: of one event, or of those of a batch
---@param pending {destination: string, slug: string, parcel: sandbox.parcel}
function retries.add(events, pending)
	local parcel = pending.parcel
	assert(
		db.exec_soon(
			INSERT,
			events[1],
			pending.destination,
			pending.slug,
			parcel.body,
			parcel.signed,
			store.encode(json.array(events)),
			next_try(1),
			store.now() + delivery.RETRIED_FOR * 1000
		)
	)
end

local function change(row, outcome, entry)
	for _, n in ipairs(store.decode(row.events)) do
		event_log.change(n, row.slug, outcome, entry)
	end
end

local function finish(row, outcome, entry)
	assert(db.exec_soon("DELETE FROM retries WHERE event = ? AND destination = ?", row.event, row.destination))
	change(row, outcome, entry)
end

local function try(row)
	local tries, events = row.tries + 1, #store.decode(row.events)
	local result = delivery.attempt(row.destination, { body = row.body, signed = row.signed }, events)
	if not result then
		local outcome = "given up: the destination is disabled or deleted"
		return finish(row, outcome, { stage = "not-sent", destination = row.slug, sentence = outcome })
	elseif not result.retried then
		local suffix = (", at attempt %d"):format(tries)
		local outcome = ("%s at attempt %d"):format(result.name, tries)
		return finish(row, outcome, delivery.entry(row.slug, result, suffix))
	elseif store.now() >= row["until"] then
		delivery.give_up(row.destination, events)
		result.retried = nil
		local suffix = (": given up after %d attempts"):format(tries)
		local outcome = ("given up after %d attempts: %s"):format(tries, result.name)
		return finish(row, outcome, delivery.entry(row.slug, result, suffix))
	end
	local sql = "UPDATE retries SET tries = ?, due = ? WHERE event = ? AND destination = ?"
	assert(db.exec_soon(sql, tries, next_try(tries), row.event, row.destination))
	local suffix = (", at attempt %d; delivered again until %s"):format(tries, store.timestamp(row["until"]))
	change(row, result.name, delivery.entry(row.slug, result, suffix))
end

--- Delivers what is due; a job of the sandbox.
---@return true
function retries.run_due()
	local sql = "SELECT * FROM retries WHERE due <= ? ORDER BY due LIMIT ?"
	for _, row in ipairs(assert(db.query(sql, store.now(), AT_ONCE))) do
		try(row)
	end
	return true
end

return retries
