-- The answers of Segment's local protocol: exchanges with the partner's API, and errors. Secrets in them are masked.
local credentials = require "partnerapp.destination.credentials"
local errors = require "partnerapp.destination.errors"
local json = require "partnerapp.json"
local masking = require "partnerapp.destination.masking"
local members = require "partnerapp.destination.members"

local exchanges = {}

local REDACTED = "<redacted>" -- as Segment's tool has it

-- HTTP/2 has no reason phrases: those of RFC 9110 and RFC 6585, for the usual statuses.
local REASONS = {
	[200] = "OK",
	[201] = "Created",
	[202] = "Accepted",
	[204] = "No Content",
	[206] = "Partial Content",
	[207] = "Multi-Status",
	[301] = "Moved Permanently",
	[302] = "Found",
	[303] = "See Other",
	[304] = "Not Modified",
	[307] = "Temporary Redirect",
	[308] = "Permanent Redirect",
	[400] = "Bad Request",
	[401] = "Unauthorized",
	[402] = "Payment Required",
	[403] = "Forbidden",
	[404] = "Not Found",
	[405] = "Method Not Allowed",
	[406] = "Not Acceptable",
	[408] = "Request Timeout",
	[409] = "Conflict",
	[410] = "Gone",
	[411] = "Length Required",
	[412] = "Precondition Failed",
	[413] = "Payload Too Large",
	[415] = "Unsupported Media Type",
	[422] = "Unprocessable Entity",
	[423] = "Locked",
	[424] = "Failed Dependency",
	[429] = "Too Many Requests",
	[431] = "Request Header Fields Too Large",
	[500] = "Internal Server Error",
	[501] = "Not Implemented",
	[502] = "Bad Gateway",
	[503] = "Service Unavailable",
	[504] = "Gateway Timeout",
}

-- An object with the members that have a value, in the order of the pairs.
local function object(list)
	local one = members.new()
	for _, pair in ipairs(list) do
		members.set(one, pair[1], pair[2])
	end
	return one
end

--- A response with a value whose members keep their order; numbers are written as in JavaScript.
---@param value any
---@param status integer?
---@return partnerapp.response
function exchanges.reply(value, status)
	local body = assert(json.encode(value, { javascript = true }))
	local headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" }
	return { status = status or 200, headers = headers, body = body }
end

--- The answer of /authenticate, and of the others that say whether it went well.
---@param ok boolean
---@param why any? it did not
---@param fields table? what is wrong, by place
---@return table
function exchanges.verdict(ok, why, fields)
	return object { { "ok", ok }, { "error", why }, { "fields", fields } }
end

local function headers_of(headers)
	local shown = members.new()
	for _, name in ipairs(members.names(headers)) do
		members.set(shown, name, credentials.is_header(name) and REDACTED or masking.text(headers[name]))
	end
	return shown
end

-- The value of a JSON body, else the text.
local function body_of(answer)
	local value = answer.data
	if value == nil then
		value = answer.body or ""
	end
	return masking.value(value)
end

local function exchange(sent)
	local answer = sent.answer
	local request = object {
		{ "url", masking.text(sent.url) },
		{ "method", sent.method },
		{ "headers", headers_of(sent.headers) },
		{ "body", masking.text(sent.body or "") },
	}
	local response = object {
		{ "statusCode", answer.status },
		{ "statusMessage", REASONS[answer.status] or "" },
		{ "headers", headers_of(answer.headers or {}) },
		{ "body", body_of(answer) },
	}
	return object { { "request", request }, { "response", response } }
end

--- The exchanges of the requests that were answered.
---@param sent partnerapp.destination.sent[]
---@return table[] list marked as an array
function exchanges.list(sent)
	local list = json.array {}
	for _, one in ipairs(sent) do
		list[#list + 1] = one.answer and exchange(one) or nil
	end
	return list
end

-- A place in a payload as Segment's tool writes it: /a/0/b is "a[0].b", and the payload itself "$".
local function place(pointer)
	local parts = {}
	for part in pointer:gmatch "/([^/]*)" do
		part = part:gsub("~1", "/"):gsub("~0", "~"):gsub("%.", "\\.")
		parts[#parts + 1] = part:find "^%d+$" and ("[%s]"):format(part) or "." .. part
	end
	return (("$" .. table.concat(parts)):gsub("^%$%.", ""))
end

--- What is wrong in a payload or in settings: an object by place. Of several sentences about one place the last one
--- counts, as at Segment.
---@param list {path: string, message: string}[]?
---@return table
function exchanges.fields(list)
	local fields = members.new()
	for _, one in ipairs(list or {}) do
		members.set(fields, place(one.path), masking.text(one.message))
	end
	return fields
end

--- An error.
---@param status integer
---@param message any a string, or the value of the answer that was refused
---@param invalid {path: string, message: string}[]?
---@return table
function exchanges.error(status, message, invalid)
	return object {
		{ "statusCode", status },
		{ "message", masking.value(message) },
		{ "fields", invalid and exchanges.fields(invalid) or nil },
		{ "requestError", true },
	}
end

--- The answer of the partner's API with which a call of a destination's function ended, if one did.
---@param path partnerapp.destination.path
---@return table?
function exchanges.refused(path)
	return errors.is(path.raised) and path.raised.answer or nil
end

--- Why a path failed, as an error: with the body of the answer when that was not 2xx.
---@param path partnerapp.destination.path
---@return table
function exchanges.failure(path)
	local answer, outcome = exchanges.refused(path), path.outcome
	if answer then
		local value = answer.data
		return exchanges.error(answer.status, value == nil and answer.body or value)
	end
	return exchanges.error(outcome.status, outcome.message, path.invalid)
end

return exchanges
