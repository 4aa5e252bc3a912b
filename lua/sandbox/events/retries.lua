-- Events that no hook took, but may take later: delivered again on the sandbox's clock, later and later, for four hours
-- (segment-api 7.4).
local db = require "partnerapp.db"
local delivery = require "events.delivery"
local retry = require "partnerapp.retry"
local store = require "store"

local retries = {}

local PAUSE, PAUSE_MOST, HOURS = 10, 3600, 4

local function next_try(tries)
	return store.now() + math.floor(retry.backoff(tries, PAUSE, PAUSE_MOST) * 1000) + 1000
end

--- Takes note of what is left to do for an event.
---@param event integer its number
---@param pending {destination: string, slug: string, body: string}[]
function retries.add(event, pending)
	for _, one in ipairs(pending) do
		assert(
			db.exec_soon(
				"INSERT INTO retries (event, destination, slug, body, tries, due, until) VALUES (?, ?, ?, ?, 1, ?, ?)",
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

local function note(row, result)
	local event = db.row("SELECT outcomes FROM events WHERE n = ?", row.event)
	if event then
		local outcomes = store.decode(event.outcomes)
		outcomes[row.slug] = result
		db.exec_soon("UPDATE events SET outcomes = ? WHERE n = ?", store.encode(outcomes), row.event)
	end
end

local function forget(row)
	assert(db.exec_soon("DELETE FROM retries WHERE n = ?", row.n))
end

local function try(row)
	local tries = row.tries + 1
	local result, again = delivery.attempt(row.destination, row.body)
	if not result then
		forget(row)
		return note(row, "given up: the destination is off or gone")
	elseif not again then
		forget(row)
		return note(row, ("%s at attempt %d"):format(result, tries))
	elseif store.now() >= row["until"] then
		forget(row)
		delivery.give_up(row.destination)
		return note(row, ("given up after %d attempts: %s"):format(tries, result))
	end
	assert(db.exec_soon("UPDATE retries SET tries = ?, due = ? WHERE n = ?", tries, next_try(tries), row.n))
	note(row, result)
end

--- Delivers what is due: the job of the sandbox.
function retries.run_due()
	for _, row in ipairs(assert(db.query("SELECT * FROM retries WHERE due <= ? ORDER BY due LIMIT 100", store.now()))) do
		try(row)
	end
	return true
end

return retries
