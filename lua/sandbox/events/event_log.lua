-- The last events that the intake took, and what became of each.
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"

local event_log = {}

local KEPT = 500

local INSERT = [[INSERT INTO events (n, time, source, type, message_id, body, outcomes, story)
	VALUES ((SELECT coalesce(max(n), 0) + 1 FROM events), ?, ?, ?, ?, ?, ?, ?)]]

local function text_or_nil(value)
	return type(value) == "string" and value or nil
end

--- Stores an event.
---@param source string? name of the source; nil when the write key is unknown
---@param event table
---@param outcomes table<string, string> by the slug of the destination, or { dropped = why }
---@param story sandbox.story_entry[]
function event_log.add(source, event, outcomes, story)
	db.exec_soon(
		INSERT,
		store.now(),
		source,
		text_or_nil(event.type),
		text_or_nil(event.messageId),
		store.encode(event),
		store.encode(outcomes),
		store.encode(json.array(story))
	)
	db.exec_soon("DELETE FROM events WHERE n <= (SELECT max(n) FROM events) - ?", KEPT)
end

--- The number of the last event of a source with that message id, or nil.
---@param source string
---@param message_id string
---@return integer?
function event_log.find(source, message_id)
	local sql = "SELECT max(n) AS n FROM events WHERE source = ? AND message_id = ?"
	return assert(db.row(sql, source, message_id)).n
end

--- Changes what became of an event at a destination, if the event is still stored.
---@param n integer the number of the event
---@param slug string of the destination
---@param outcome string
---@param entry sandbox.story_entry instead of the one that the destination has
function event_log.change(n, slug, outcome, entry)
	local row = db.row("SELECT outcomes, story FROM events WHERE n = ?", n)
	if not row then
		return
	end
	local outcomes, story = store.decode(row.outcomes), store.decode(row.story) or json.array {}
	outcomes[slug] = outcome
	for i, one in ipairs(story) do
		if one.destination == slug then
			story[i] = entry
		end
	end
	local sql = "UPDATE events SET outcomes = ?, story = ? WHERE n = ?"
	db.exec_soon(sql, store.encode(outcomes), store.encode(story), n)
end

--- The last events, newest last, and what became of them.
---@param count integer
---@return table[]
function event_log.last(count)
	local list = json.array {}
	local sql = "SELECT * FROM (SELECT * FROM events ORDER BY n DESC LIMIT ?) AS newest ORDER BY n"
	for i, row in ipairs(assert(db.query(sql, count))) do
		list[i] = {
			time = store.timestamp(row.time),
			source = row.source,
			event = store.decode(row.body),
			outcomes = store.decode(row.outcomes),
			story = store.decode(row.story) or json.array {},
		}
	end
	return list
end

return event_log
