-- Delivers events to the enabled Webhooks destinations of a source, as Segment does, with two differences: an event is
-- delivered while its sender waits for the answer, and once, for there are no jobs yet: what Segment would try again
-- for four hours is counted as awaiting that. Other destinations get nothing: they are other companies'.
local catalog = require "catalog"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local events = require "events"
local filtering = require "filtering"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local store = require "store"

local delivery = {}

local HOOKS_MOST, TIMEOUT = 5, 5

-- How calls fail, in the words of Segment's error codes.
local FAILURES = { timeout = "ETIMEDOUT", connect = "ECONNREFUSED", dns = "ENOTFOUND", bad_response = "ECONNRESET" }

local function count(destination, name)
	assert(db.exec_soon(
		[[INSERT INTO metrics (destination, name, value) VALUES (?, ?, 1)
			ON CONFLICT (destination, name) DO UPDATE SET value = value + 1]],
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

local function add_headers(headers, configured)
	for key, value in pairs(type(configured) == "table" and configured or {}) do
		if type(value) == "table" then
			key, value = value.key, value.value
		end
		if type(key) == "string" and type(value) == "string" then
			headers[key] = value
		end
	end
end

local function call(hook, configured, body, secret)
	local headers = {}
	add_headers(headers, configured)
	headers["User-Agent"] = "Segment.io/1.0"
	headers["Content-Type"] = "application/json"
	if secret and secret ~= "" then
		headers["X-Signature"] = crypto.hex(crypto.hmac("sha1", secret, body))
	end
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

-- What became of a message: one hook that takes it is enough.
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

-- A header or URL that cannot be sent is the destination's fault, not this server's.
local function send(calls)
	local ok, answers = pcall(http.all, calls)
	if ok then
		return answers
	end
	return { { code = "usage" } }
end

-- The destination's word on the event, or nil when it is not for it.
local function deliver_to(row, event)
	local display_name = catalog.find(row.slug).display_name
	if not is_wanted(event, display_name) then
		return "not wanted by its integrations"
	end
	local filters = {}
	local sql = "SELECT body FROM filters WHERE destination = ? ORDER BY rowid"
	for i, filter in ipairs(assert(db.query(sql, row.name))) do
		filters[i] = store.decode(filter.body)
	end
	local left = filtering.apply(event, filters)
	if not left then
		return "dropped by a filter"
	elseif row.slug ~= "webhooks" then
		return "not delivered: of the catalog's destinations only webhooks are"
	end
	local calls = calls_of(store.decode(row.config), store.encode(events.plain(left)))
	if #calls == 0 then
		return "it has no hooks"
	end
	local result = outcome(send(calls))
	count(row.name, result == "delivered" and result or "not_delivered")
	if result ~= "delivered" then
		count(row.name, result)
	end
	return result
end

--- Delivers an event to all enabled destinations of a source.
---@param source string its name
---@param event table
---@return table<string, string> outcomes by the slug of the destination
function delivery.deliver(source, event)
	local outcomes = {}
	local sql = "SELECT name, slug, config FROM destinations WHERE source = ? AND enabled = 1 ORDER BY name"
	for _, row in ipairs(assert(db.query(sql, source))) do
		outcomes[row.slug] = deliver_to(row, event)
	end
	return outcomes
end

return delivery
