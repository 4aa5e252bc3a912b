-- Events that no hook accepted but may accept later: delivered again on the sandbox's clock, with growing pauses, for
-- four hours (docs/segment.md 7.4).
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local event_log = require "events.event_log"
local retry = require "partnerapp.retry"
local store = require "store"

local retries = {}

local PAUSE, PAUSE_MOST, HOURS = 10, 3600, 4 -- seconds, seconds
local AT_ONCE = 100

local function next_try(tries)
	return store.now() + math.floor(retry.backoff(tries, PAUSE, PAUSE_MOST) * 1000) + 1000
end

--- Stores what is to be delivered again.
---@param event integer number of the event in the event log
---@param pending {destination: string, slug: string, body: string}[]
function retries.add(event, pending)
	for _, one in ipairs(pending) do
		assert(
			db.exec_soon(
				[[INSERT INTO retries (event, destination, slug, body, tries, due, until) VALUES (?, ?, ?, ?, 1, ?, ?)
					ON CONFLICT DO NOTHING]],
				event,
				one.destination,
				one.slug,
				one.body,
				next_try(1),
				store.now() + HOURS * 3600000
			)
		)
	end
end

local function finish(row, outcome)
	assert(db.exec_soon("DELETE FROM retries WHERE event = ? AND destination = ?", row.event, row.destination))
	event_log.set_outcome(row.event, row.slug, outcome)
end

local function try(row)
	local tries = row.tries + 1
	local result, again = delivery.attempt(row.destination, row.body)
	if not result then
		return finish(row, "given up: the destination is disabled or deleted")
	elseif not again then
		return finish(row, ("%s at attempt %d"):format(result, tries))
	elseif store.now() >= row["until"] then
		delivery.give_up(row.destination)
		return finish(row, ("given up after %d attempts: %s"):format(tries, result))
	end
	local sql = "UPDATE retries SET tries = ?, due = ? WHERE event = ? AND destination = ?"
	assert(db.exec_soon(sql, tries, next_try(tries), row.event, row.destination))
	event_log.set_outcome(row.event, row.slug, result)
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
