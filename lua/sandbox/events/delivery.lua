-- Deliveries of events to the enabled destinations of a source, as Segment makes them, with one difference: the sender
-- of an event waits until it was delivered. What was not accepted but may be later is delivered again: see retries.lua.
-- What the app has a file for goes to that: see loop.lua. Other destinations than webhooks get nothing: they belong to
-- other companies.
local actions = require "filtering.actions"
local catalog = require "catalog"
local db = require "partnerapp.db"
local destination = require "partnerapp.destination"
local http = require "partnerapp.http"
local loop = require "events.loop"
local store = require "store"
local story = require "events.story"

local delivery = {}

---@class sandbox.parcel what is sent of an event, or of a batch of events
---@field body string?
---@field signed string? the text that is signed: of a batch its first event

---@alias sandbox.stop {[1]: string, [2]: string, [3]: string, code: string?} stage, outcome and sentence

---@class sandbox.taken an event of the intake
---@field event table
---@field outcomes table<string, string> by the slug of the destination
---@field story sandbox.story_entry[]

--- For how many seconds Segment tries again.
delivery.RETRIED_FOR = 4 * 3600

local SENDERS = {
	webhooks = require "events.webhooks",
	["actions-webhook"] = require "events.webhooks_actions",
}

-- How calls fail: the name in Segment's error codes, and the code in the delivery overview.
local FAILURES = {
	timeout = { "ETIMEDOUT", "ETIMEDOUT" },
	connect = { "ECONNREFUSED", "EREFUSED" },
	dns = { "ENOTFOUND", "ENOTFOUND" },
	bad_response = { "ECONNRESET", "ECONNRESET" },
}
local UNKNOWN = { "EUNKNOWN", "INTERNAL" }

local METHODS = { page = "page_view", screen = "page_view" }

local function count(name, metric, by)
	assert(db.exec_soon(
		[[INSERT INTO metrics (destination, name, value) VALUES (?, ?, ?)
			ON CONFLICT (destination, name) DO UPDATE SET value = metrics.value + excluded.value]],
		name,
		metric,
		by
	))
end

local function origin(url)
	return tostring(url):match "^%a+://[^/?#]+" or tostring(url)
end

-- The result of one call: { name, outcome, retried, sentence }, the name as in Segment's error codes.
local function result_of(call, answer, sender)
	local where, status = origin(call.url), answer.status
	if status and status < 300 then
		return { name = "delivered", sentence = ("%s answered %d"):format(where, status) }
	elseif status then
		local retried = sender.is_retried(status)
		return {
			name = (retried and "errors.awaiting-retry." or "errors.discarded.") .. status,
			outcome = story.of_status(status),
			retried = retried,
			sentence = ("%s answered %d"):format(where, status),
		}
	elseif answer.code == "usage" then
		local sentence = "no request can be made of the settings: " .. tostring(answer.error)
		return { name = "errors.discarded.INVALID_SETTINGS", outcome = "INVALID_SETTINGS", sentence = sentence }
	end
	local failure = FAILURES[answer.code] or UNKNOWN
	return {
		name = "errors.awaiting-retry." .. failure[1],
		outcome = failure[2],
		retried = true,
		sentence = ("%s gave no answer: %s"):format(where, tostring(answer.error)),
	}
end

-- partnerapp.http raises for a header or URL that cannot be sent: here the settings of the destination are wrong.
local function send(calls)
	local ok, answers = pcall(http.all, calls)
	if ok then
		return answers
	end
	local failed = {}
	for i in ipairs(calls) do
		failed[i] = { code = "usage", error = answers }
	end
	return failed
end

-- Sends a parcel. One call that is accepted is enough; else a result that is tried again counts more than one that is
-- final.
local function attempt(row, sender, parcel)
	local calls, result = sender.calls(store.decode(row.config), parcel), nil
	for i, answer in ipairs(send(calls)) do
		local one = result_of(calls[i], answer, sender)
		if one.name == "delivered" then
			return one
		elseif not result or one.retried or not result.retried then
			result = result and not one.retried and result or one
		end
	end
	return result
		or { name = "errors.discarded.INVALID_SETTINGS", outcome = "INVALID_SETTINGS", sentence = "there is no hook" }
end

local function count_result(row, result, by)
	count(row.name, result.name, by)
	if result.name ~= "delivered" and not result.retried then
		count(row.name, "not_delivered", by)
	end
end

--- The story's entry for the result of an attempt.
---@param slug string
---@param result table
---@param suffix string? after the sentence
---@return sandbox.story_entry
function delivery.entry(slug, result, suffix)
	local sentence = result.sentence .. (suffix or "")
	if result.name == "delivered" then
		return { stage = "delivered", destination = slug, sentence = sentence }
	end
	return story.row("failed-delivery", result.outcome, sentence, { destination = slug, retried = result.retried })
end

local function stop(taken, slug, outcome, entry)
	taken.outcomes[slug] = outcome
	table.insert(taken.story, entry)
end

local function filters_of(name)
	local filters = {}
	for i, filter in ipairs(assert(db.query("SELECT body FROM filters WHERE destination = ? ORDER BY n", name))) do
		filters[i] = store.decode(filter.body)
	end
	return filters
end

local function takes(item, method)
	for _, one in ipairs(item.methods) do
		if one == method then
			return true
		end
	end
	return false
end

-- The parcel of an event for a destination; nil and a stop when it does not reach the destination; or nil, nil and the
-- event after the filters, for a destination that the sandbox does not deliver to by itself.
local function parcel_of(row, event)
	local item, sender = catalog.of(row.slug), SENDERS[row.slug]
	local reaches, message, code = destination.reaches(event, item.display_name)
	if not reaches then
		return nil, { "filtered-destination", code, message }
	elseif row.connection_mode == "DEVICE" then
		local sentence = "the destination is in device mode: the browser sends to it, and the server does not"
		return nil, { "filtered-destination", "MESSAGE_SENT_CLIENT_SIDE", sentence }
	end
	local left, why = actions.apply(event, filters_of(row.name))
	if not left then
		return nil, { "filtered-destination", "FILTERED_BY_RULES", why }
	elseif sender then
		return sender.prepare(store.decode(row.config), left)
	end
	return nil, nil, left
end

-- Sends a parcel of one or more events and notes the result in their stories. Returns what is to be delivered again.
local function deliver(row, parcel, list)
	local result = attempt(row, SENDERS[row.slug], parcel)
	count_result(row, result, #list)
	local suffix = #list > 1 and (", in a batch of %d events"):format(#list) or ""
	if result.retried then
		local last = store.timestamp(store.now() + delivery.RETRIED_FOR * 1000)
		suffix = suffix .. ("; delivered again within minutes, until %s"):format(last)
	end
	for _, taken in ipairs(list) do
		stop(taken, row.slug, result.name, delivery.entry(row.slug, result, suffix))
	end
	return result.retried and { destination = row.name, slug = row.slug, parcel = parcel, list = list } or nil
end

local function collect(waiting, row, parcel, taken)
	local one = waiting[row.name]
	if not one then
		one = { row = row, parcels = {}, list = {} }
		waiting[row.name] = one
		waiting[#waiting + 1] = one
	end
	one.parcels[#one.parcels + 1], one.list[#one.list + 1] = parcel, taken
end

local NOT_SENT = "not delivered: the sandbox delivers to webhooks, and to what the app has a file for"

-- Hands an event to the app's own file of the destination. Without one it is delivered to nothing.
local function hand_over(row, taken, event)
	local outcome, entry = loop.deliver(row, event)
	if entry then
		if entry.stage == "delivered" and row.send == 1 then
			count(row.name, "delivered", 1)
		end
		return stop(taken, row.slug, outcome, entry)
	end
	local item = catalog.of(row.slug)
	if takes(item, METHODS[event.type] or event.type) then
		return stop(taken, row.slug, NOT_SENT, { stage = "not-sent", destination = row.slug, sentence = NOT_SENT })
	end
	local sentence, code = ("%s takes no %s events"):format(item.display_name, event.type), "UNSUPPORTED_EVENT_TYPE"
	stop(taken, row.slug, code, story.row("filtered-destination", code, sentence, { destination = row.slug }))
end

local function deliver_one(row, taken, waiting, pending)
	local parcel, why, left = parcel_of(row, taken.event)
	if left then
		hand_over(row, taken, left)
	elseif not parcel then
		local fields = { destination = row.slug, code = why.code }
		stop(taken, row.slug, why[2], story.row(why[1], why[2], why[3], fields))
	elseif SENDERS[row.slug].batches and SENDERS[row.slug].batches(store.decode(row.config), {}) then
		collect(waiting, row, parcel, taken)
	else
		pending[#pending + 1] = deliver(row, parcel, { taken })
	end
end

--- Delivers the events of a request to all enabled destinations of a source, and notes in each event's outcomes and
--- story what became of it.
---@param source string its name
---@param list sandbox.taken[]
---@return {destination: string, slug: string, parcel: sandbox.parcel, list: sandbox.taken[]}[] pending what is to be
--- delivered again
function delivery.deliver(source, list)
	local pending, waiting = {}, {}
	local sql = [[SELECT name, slug, config, connection_mode, send FROM destinations WHERE source = ? AND enabled = 1
		ORDER BY name]]
	local rows = assert(db.query(sql, source))
	for _, taken in ipairs(list) do
		for _, row in ipairs(rows) do
			deliver_one(row, taken, waiting, pending)
		end
	end
	for _, one in ipairs(waiting) do
		local row = one.row
		for _, batch in ipairs(SENDERS[row.slug].batches(store.decode(row.config), one.parcels)) do
			local events = table.move(one.list, batch.first, batch.last, 1, {})
			pending[#pending + 1] = deliver(row, batch.parcel, events)
		end
	end
	return pending
end

--- Sends a parcel to a destination again.
---@param name string of the destination
---@param parcel sandbox.parcel
---@param events integer how many the parcel has
---@return table|false result { name, outcome, retried, sentence }; false when the destination is disabled or deleted
function delivery.attempt(name, parcel, events)
	local row = db.row("SELECT name, slug, config FROM destinations WHERE name = ? AND enabled = 1", name)
	if not row then
		return false
	end
	local result = attempt(row, SENDERS[row.slug], parcel)
	count_result(row, result, events)
	return result
end

--- Counts events that are not delivered and not tried again.
---@param name string of the destination
---@param events integer
function delivery.give_up(name, events)
	count(name, "not_delivered", events)
end

return delivery
