-- The destination Webhooks (Actions): a request of an event, or of several in a batch, with the method, the headers and
-- the body that its mapping says (docs/segment.md 7.5). The Config API has no mappings: the settings are one (A49).
local crypto = require "partnerapp.crypto"
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"

local webhooks_actions = {}

local TIMEOUT = 10
local SIZE, SIZE_MOST, BYTES_MOST = 1000, 4000, 4 << 20

local FIELDS = {
	{ "url", type = "string", label = "URL", required = true, format = "uri" },
	{ "method", type = "string", label = "Method", required = true, choices = { "POST", "PUT", "PATCH" } },
	{ "headers", type = "object", label = "Headers" },
	{ "data", type = "object", label = "Data" },
}

local function text_or_nil(value)
	return value ~= "" and value or nil
end

-- A MAP of the catalog is an object, or a list of { key, value }.
local function headers_of(configured)
	local headers = {}
	for key, value in pairs(configured or {}) do
		if type(value) == "table" then
			key, value = value.key, value.value
		end
		headers[key] = tostring(value)
	end
	return next(headers) and headers or nil
end

-- nil and a stop when the mapping does not take the event.
local function judge_trigger(trigger, event)
	if trigger == "" then
		local sentence = "the destination has no mapping: its setting trigger is empty"
		return nil, { "filtered-destination", "NO_MATCHING_MAPPING", sentence }
	end
	local matches, message = destination.matches(trigger, event)
	if matches == nil then
		return nil, { "filtered-destination", "NO_MATCHING_MAPPING", message }
	elseif not matches then
		local sentence = "the trigger does not match: " .. trigger
		return nil, { "filtered-destination", "FILTERED_AT_MAPPING", sentence }
	end
	return true
end

local function payload_of(values, event)
	local given = {
		url = text_or_nil(values.url),
		method = text_or_nil(values.method) or "POST",
		headers = headers_of(values.headers),
		data = values.data or { ["@path"] = "$." },
	}
	local payload, message = destination.transform(given, event)
	if payload then
		payload, message = destination.validate(FIELDS, payload)
	end
	if not payload then
		return nil, { "failed-delivery", "MESSAGE_REJECTED", message, code = "PAYLOAD_VALIDATION_FAILED" }
	end
	return payload
end

--- What is sent of an event.
---@param values table the settings
---@param event table
---@return sandbox.parcel? parcel
---@return sandbox.stop? stop why nothing is sent
function webhooks_actions.prepare(values, event)
	local taken, stop = judge_trigger(values.trigger or "", event)
	if not taken then
		return nil, stop
	end
	local payload
	payload, stop = payload_of(values, event)
	if not payload then
		return nil, stop
	end
	local text = payload.data and assert(json.encode(payload.data, { javascript = true }))
	return { body = text, signed = text }
end

--- Parcels as batches, of those that wait for the same destination. A batch of one is a parcel as it is.
---@param values table the settings
---@param parcels sandbox.parcel[]
---@return {parcel: sandbox.parcel, first: integer, last: integer}[]? batches nil when the destination sends one by one
function webhooks_actions.batches(values, parcels)
	if not values.enable_batching then
		return nil
	end
	local size = math.min(values.batch_size or SIZE, SIZE_MOST)
	local list, bytes = {}, 0
	for i, parcel in ipairs(parcels) do
		local batch, length = list[#list], #(parcel.body or "null")
		if not batch or batch.last - batch.first + 1 >= size or bytes + length > BYTES_MOST then
			batch, bytes = { first = i }, 0
			list[#list + 1] = batch
		end
		batch.last, bytes = i, bytes + length
	end
	for _, batch in ipairs(list) do
		batch.parcel = parcels[batch.first]
		if batch.last > batch.first then
			local texts = {}
			for i = batch.first, batch.last do
				texts[#texts + 1] = parcels[i].body or "null"
			end
			batch.parcel = { body = "[" .. table.concat(texts, ",") .. "]", signed = parcels[batch.first].signed }
		end
	end
	return list
end

local function set_header(headers, name, value)
	for own in pairs(headers) do
		if own:lower() == name:lower() then
			headers[own] = nil
		end
	end
	headers[name] = value
end

--- The call that delivers a parcel. Configured headers replace Segment's own, but the Content-Type stays.
---@param values table the settings
---@param parcel sandbox.parcel
---@return partnerapp.http.options[]
function webhooks_actions.calls(values, parcel)
	local headers = { ["User-Agent"] = "Segment (Actions)" }
	if text_or_nil(values.sharedSecret) and parcel.signed then
		headers["X-Signature"] = crypto.hex(crypto.hmac("sha1", values.sharedSecret, parcel.signed))
	end
	for name, value in pairs(headers_of(values.headers) or {}) do
		set_header(headers, name, value)
	end
	set_header(headers, "Content-Type", "application/json")
	local method = text_or_nil(values.method) or "POST"
	return { { url = values.url, method = method, headers = headers, body = parcel.body, timeout = TIMEOUT } }
end

--- Whether Segment tries again after that status.
---@param status integer
---@return boolean
function webhooks_actions.is_retried(status)
	return status == 408 or status == 423 or status == 429 or (status >= 500 and status ~= 501)
end

return webhooks_actions
