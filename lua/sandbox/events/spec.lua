-- Events as Segment's Spec describes them: the calls, and what the server adds.
local iso8601 = require "events.iso8601"
local json = require "partnerapp.json"
local store = require "store"
local uuid = require "uuid"

local spec = {}

--- The six calls of the Spec.
spec.types = { identify = true, track = true, page = true, screen = true, group = true, alias = true }

local function is_text(value)
	return type(value) == "string" and value ~= "" or math.type(value) == "integer"
end

local function is_object(value)
	return type(value) == "table" and not json.is_array(value)
end

-- An empty table that is an object or a list as `value` is, and whose members will have the order of its members.
local function like(value)
	return json.is_array(value) and json.array {} or setmetatable({}, getmetatable(value))
end

-- The fields of a batch and of one of its events; those of the event come first.
local function merged(outer, inner)
	if not is_object(outer) then
		return inner
	end
	local copy = like(is_object(inner) and inner or outer)
	for name, value in pairs(outer) do
		copy[name] = value
	end
	for name, value in pairs(is_object(inner) and inner or {}) do
		copy[name] = value
	end
	return copy
end

-- The time of an event by the server's clock. The client's clock may be wrong; the time that passed between the event
-- and its sending is right.
local function true_time(event, received)
	local sent, original = iso8601.parse(event.sentAt), iso8601.parse(event.originalTimestamp or event.timestamp)
	if sent and original then
		return received - (sent - original)
	end
	return original or received
end

--- An event as destinations get it.
---@param given table the event as it was sent
---@param batch table? the batch of the event
---@return table
function spec.complete(given, batch)
	local event = like(given)
	for name, value in pairs(given) do
		event[name] = value
	end
	event.writeKey = nil
	if batch then
		event.context = merged(batch.context, event.context)
		event.integrations = merged(batch.integrations, event.integrations)
		event.sentAt = event.sentAt or batch.sentAt
	end
	local received = store.now()
	event.messageId = is_text(event.messageId) and tostring(event.messageId):sub(1, 100) or uuid()
	event.timestamp = store.timestamp(true_time(event, received))
	event.receivedAt = store.timestamp(received)
	event.version = event.version or 2
	return event
end

--- A value with its whole numbers as integers, as JavaScript writes them: a receiver that decodes and encodes a body
--- gets the bytes that were signed.
---@param value any
---@return any
function spec.plain(value)
	if math.type(value) == "float" and math.abs(value) < 2 ^ 53 then
		return math.tointeger(value) or value
	elseif type(value) ~= "table" then
		return value
	end
	local copy = like(value)
	for key, inside in pairs(value) do
		copy[key] = spec.plain(inside)
	end
	return copy
end

return spec
