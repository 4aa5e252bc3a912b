-- The destination Webhooks: one POST of an event to each of its hooks (docs/segment.md 7.4).
local crypto = require "partnerapp.crypto"
local spec = require "events.spec"
local store = require "store"

local webhooks = {}

local HOOKS_MOST, TIMEOUT = 5, 5

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

local function call(hook, configured, parcel, secret)
	local headers = { ["User-Agent"] = "Segment.io/1.0", ["Content-Type"] = "application/json" }
	if secret and secret ~= "" then
		headers["X-Signature"] = crypto.hex(crypto.hmac("sha1", secret, parcel.signed))
	end
	add_headers(headers, configured)
	return { url = hook, method = "POST", headers = headers, body = parcel.body, timeout = TIMEOUT }
end

--- The calls that deliver a parcel.
---@param values table the settings
---@param parcel sandbox.parcel
---@return partnerapp.http.options[]
function webhooks.calls(values, parcel)
	local calls = {}
	if type(values.globalHook) == "string" and values.globalHook ~= "" then
		calls[1] = call(values.globalHook, nil, parcel, values.sharedSecret)
	end
	for _, one in ipairs(values.hooks or {}) do
		if #calls < HOOKS_MOST then
			calls[#calls + 1] = call(one.hook, one.headers, parcel, values.sharedSecret)
		end
	end
	return calls
end

--- What is sent of an event.
---@param values table the settings
---@param event table
---@return sandbox.parcel? parcel
---@return sandbox.stop? stop why nothing is sent
function webhooks.prepare(values, event)
	if #webhooks.calls(values, { body = "", signed = "" }) == 0 then
		return nil, { "filtered-destination", "INVALID_SETTINGS", "the destination has no hooks" }
	end
	local body = store.encode(spec.plain(event))
	return { body = body, signed = body }
end

--- Whether Segment tries again after that status.
---@param status integer
---@return boolean
function webhooks.is_retried(status)
	return status == 429 or status >= 500
end

return webhooks
