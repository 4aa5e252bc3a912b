-- Deliveries of events to the enabled Webhooks destinations of a source, as Segment makes them, with one difference:
-- the sender of an event waits until it was delivered. What no hook accepted is delivered again: see retries.lua. What
-- the app has a file for goes to that: see loop.lua. Other destinations get nothing: they belong to other companies.
local actions = require "filtering.actions"
local catalog = require "catalog"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local loop = require "events.loop"
local spec = require "events.spec"
local store = require "store"

local delivery = {}

local HOOKS_MOST, TIMEOUT = 5, 5

-- How calls fail, in the words of Segment's error codes.
local FAILURES = { timeout = "ETIMEDOUT", connect = "ECONNREFUSED", dns = "ENOTFOUND", bad_response = "ECONNRESET" }

local function count(destination, name)
	assert(db.exec_soon(
		[[INSERT INTO metrics (destination, name, value) VALUES (?, ?, 1)
			ON CONFLICT (destination, name) DO UPDATE SET value = metrics.value + 1]],
		destination,
		name
	))
end

-- Whether an event's integrations let it through to a destination of that name.
local function is_wanted(event, display_name)
	local asked = event.integrations
	if type(asked) ~= "table" then
		return true
	end
	local own = asked[display_name]
	if own ~= nil and own ~= json.null then
		return own ~= false
	end
	return asked.All ~= false
end

-- Adds the headers that a hook is configured with; Segment's own headers cannot be replaced.
local function add_headers(headers, configured)
	local own = {}
	for name in pairs(headers) do
		own[name:lower()] = true
	end
	for key, value in pairs(type(configured) == "table" and configured or {}) do
		if type(value) == "table" then
			key, value = value.key, value.value
		end
		if type(key) == "string" and type(value) == "string" and not own[key:lower()] then
			headers[key] = value
		end
	end
end

local function call(hook, configured, body, secret)
	local headers = { ["User-Agent"] = "Segment.io/1.0", ["Content-Type"] = "application/json" }
	if secret and secret ~= "" then
		headers["X-Signature"] = crypto.hex(crypto.hmac("sha1", secret, body))
	end
	add_headers(headers, configured)
	return { url = hook, method = "POST", headers = headers, body = body, timeout = TIMEOUT }
end

local function calls_of(values, body)
	local calls = {}
	if type(values.globalHook) == "string" and values.globalHook ~= "" then
		calls[1] = call(values.globalHook, nil, body, values.sharedSecret)
	end
	for _, one in ipairs(values.hooks or {}) do
		if #calls < HOOKS_MOST then
			calls[#calls + 1] = call(one.hook, one.headers, body, values.sharedSecret)
		end
	end
	return calls
end

-- The outcome of a message: one hook that accepts it is enough.
local function outcome(answers)
	local worst
	for _, answer in ipairs(answers) do
		local status = answer.status
		if status and status < 300 then
			return "delivered"
		elseif status and status < 500 and status ~= 429 then
			worst = worst or "errors.discarded." .. status
		else
			worst = "errors.awaiting-retry." .. (status or FAILURES[answer.code] or "EUNKNOWN")
		end
	end
	return worst
end

-- partnerapp.http raises for a header or URL that cannot be sent: here the settings of the destination are wrong.
local function send(calls)
	local ok, answers = pcall(http.all, calls)
	if ok then
		return answers
	end
	return { { code = "usage" } }
end

-- Sends a body to a destination's hooks and counts the outcome. Returns the outcome, and whether to try again.
local function attempt(row, body)
	local calls = calls_of(store.decode(row.config), body)
	if #calls == 0 then
		return "the destination has no hooks", false
	end
	local result = outcome(send(calls))
	local again = result:find("^errors%.awaiting") ~= nil
	count(row.name, result)
	if result ~= "delivered" and not again then
		count(row.name, "not_delivered")
	end
	return result, again
end

-- Delivers an event to one destination: the outcome, the body when it is to be sent again, and the id of the story.
local function deliver_to(row, event)
	local display_name = catalog.of(row.slug).display_name
	if not is_wanted(event, display_name) then
		return "the event's integrations exclude this destination"
	end
	local filters = {}
	local sql = "SELECT body FROM filters WHERE destination = ? ORDER BY n"
	for i, filter in ipairs(assert(db.query(sql, row.name))) do
		filters[i] = store.decode(filter.body)
	end
	local left = actions.apply(event, filters)
	if not left then
		return "dropped by a filter"
	elseif row.slug ~= "webhooks" then
		local result, story, delivered = loop.deliver(row, spec.plain(left))
		if delivered then
			count(row.name, "delivered")
		end
		return result or "not delivered: the sandbox delivers to webhooks, and to what the app has a file for",
			nil,
			story
	end
	local body = store.encode(spec.plain(left))
	local result, again = attempt(row, body)
	return result, again and body or nil
end

--- Delivers an event to all enabled destinations of a source.
---@param source string its name
---@param event table
---@return table<string, string> outcomes by the slug of the destination
---@return {destination: string, slug: string, body: string}[] pending what is to be delivered again
---@return table<string, string> stories ids by the slug, of what the app's own file was asked for
function delivery.deliver(source, event)
	local outcomes, pending, stories = {}, {}, {}
	local sql = "SELECT name, slug, config, send FROM destinations WHERE source = ? AND enabled = 1 ORDER BY name"
	for _, row in ipairs(assert(db.query(sql, source))) do
		local result, body, story = deliver_to(row, event)
		outcomes[row.slug], stories[row.slug] = result, story
		pending[#pending + 1] = body and { destination = row.name, slug = row.slug, body = body }
	end
	return outcomes, pending, stories
end

--- Sends a body to a destination again.
---@param destination string its name
---@param body string
---@return string|false result false when the destination is disabled or deleted
---@return boolean? again whether to try again later
function delivery.attempt(destination, body)
	local row = db.row("SELECT name, config FROM destinations WHERE name = ? AND enabled = 1", destination)
	if not row then
		return false
	end
	return attempt(row, body)
end

--- Counts an event that is not delivered and not tried again.
---@param destination string its name
function delivery.give_up(destination)
	count(destination, "not_delivered")
end

return delivery
