-- Calls to other servers: a URL and options in, an answer or `nil, message, code, sent` out (codes and `sent` as in
-- native.http). An answer with a status of 400 or more is an answer too.
local call_begins = require("native.log").call_begins
local called = require("native.log").called
local hints = require "partnerapp.hints.names"
local in_any_case = require "partnerapp.web.header_names"
local native = require "native.http"

---@class partnerapp.http.options: native.http.request
---@field json any? a body to encode; the accept header is then JSON too
---@field form table<string, string>? a body to encode as a form

---@class partnerapp.http.response: native.http.response
---@field json fun(): any, string?, string? the decoded body, or nil, message, "bad_json"

local http = {}

-- The transport of all calls; partnerapp.testing and the calls of destinations replace it. Its `encoding`, when there
-- is one, are the options of json.encode for bodies.
http.transport = native

local OPTIONS = {
	method = true,
	headers = true,
	body = true,
	json = true,
	form = true,
	basic = true,
	bearer = true,
	timeout = true,
	connect_timeout = true,
	redirects = true,
	max_bytes = true,
	compressed = true,
	url = true,
}

-- Of a caller four levels up: false is not the same as absent.
local function check_table(what, value)
	if value ~= nil and type(value) ~= "table" then
		error(("http: %s must be a table, got %s"):format(what, tostring(value)), 5)
	end
end

local function check_options(options)
	check_table("the options", options)
	check_table("option 'headers'", options.headers)
	check_table("option 'form'", options.form)
	for name in pairs(options) do
		if not OPTIONS[name] then
			error(
				("http: unknown option '%s'%s"):format(tostring(name), hints.meant("http", name, hints.of(OPTIONS))),
				4
			)
		end
	end
end

-- A copy of the headers that were given, with those of the body, of which `accept` may be nil, where no other of that
-- name was given.
local function add_headers(given, content_type, accept)
	local headers = {}
	for name, value in pairs(given) do
		local known = type(name) == "string" and name:lower()
		if known == "content-type" then
			content_type = nil
		elseif known == "accept" then
			accept = nil
		end
		headers[name] = value
	end
	headers["content-type"] = headers["content-type"] or content_type
	headers.accept = headers.accept or accept
	return headers
end

-- The request as native.http takes it: the one copy of a call's options. nil, message, code when its JSON cannot be
-- encoded.
local function prepare(url, options, method)
	check_options(options)
	local body, content_type, accept = options.body, nil, nil
	if options.json ~= nil then
		local err, code
		body, err, code = require("partnerapp.json").encode(options.json, http.transport.encoding)
		if not body then
			return nil, err, code
		end
		content_type, accept = "application/json", "application/json"
	elseif options.form ~= nil then
		body, content_type = http.form(options.form), "application/x-www-form-urlencoded"
	end
	local given = options.headers
	return { -- of its final size at once: to grow a table takes longer than to fill it
		url = url,
		method = options.method or method or (body and "POST" or "GET"),
		headers = given and add_headers(given, content_type, accept)
			or { ["content-type"] = content_type, accept = accept },
		body = body,
		basic = options.basic,
		bearer = options.bearer,
		timeout = options.timeout,
		connect_timeout = options.connect_timeout,
		redirects = options.redirects,
		max_bytes = options.max_bytes,
		compressed = options.compressed,
	}
end

-- Of an answer: `error` and `code` are those of a call that failed, in the list of http.all.
local Answer = getmetatable(hints.strict("an answer of partnerapp.http", {}, {
	status = true,
	headers = true,
	body = true,
	url = true,
	json = true,
	error = true,
	code = true,
}))

local function finish(response)
	function response.json()
		local value, err, code = require("partnerapp.json").decode(response.body or "")
		if code then
			return nil, err, code
		end
		return value
	end
	if response.headers then
		in_any_case(response.headers)
	end
	return setmetatable(response, Answer)
end

-- Logs a call that has ended: in development on a terminal, elsewhere at level debug. Those that a try replaces are in
-- its story.
local function tell_call(begun, request, response, code)
	if http.transport == native then
		called(begun, request.method, request.url, response and response.status, code)
	end
end

local function send(url, options, method)
	if options == nil then
		options = {}
	end
	local request, err, code = prepare(url, options, method)
	if not request then
		return nil, err, code, "no"
	end
	local begun = call_begins()
	local response, sent
	response, err, code, sent = http.transport.request(request)
	if begun then
		tell_call(begun, request, response, code)
	end
	if not response then
		return nil, err, code, sent
	end
	return finish(response)
end

--- One call. Its method is POST when it has a body, else GET, unless options.method says another.
---@param url string
---@param options partnerapp.http.options?
---@return partnerapp.http.response?, string? message, string? code, native.http.sent? sent
function http.request(url, options)
	return send(url, options)
end

---@param url string
---@param options partnerapp.http.options?
---@return partnerapp.http.response?, string? message, string? code, native.http.sent? sent
function http.get(url, options)
	return send(url, options, "GET")
end

---@param url string
---@param options partnerapp.http.options?
---@return partnerapp.http.response?, string? message, string? code, native.http.sent? sent
function http.post(url, options)
	return send(url, options, "POST")
end

--- Several calls at once, at most 16: options with `url`. The answers are in the same order; a call that failed has
--- { error, code, sent }.
---@param calls partnerapp.http.options[]
---@return (partnerapp.http.response|native.http.failure)[]
function http.all(calls)
	local requests, answers, places = {}, {}, {}
	for i, call in ipairs(calls) do
		local request, err, code = prepare(call.url, call)
		if request then
			requests[#requests + 1] = request
			places[#requests] = i
		else
			answers[i] = { error = err, code = code, sent = "no" }
		end
	end
	local begun = call_begins()
	for i, answer in ipairs(#requests > 0 and http.transport.all(requests) or {}) do
		if begun then
			tell_call(begun, requests[i], answer, answer.code)
		end
		answers[places[i]] = answer.status and finish(answer) or answer
	end
	return answers
end

--- Takes a URL apart, strictly: http or https, no user name, no control bytes. See native.http.parse_url.
http.parse_url = native.parse_url

--- Percent-encodes all but unreserved characters.
http.escape = native.escape

-- The pairs of a table, sorted by name.
local function pairs_of(fields)
	local names, list = {}, {}
	for name in pairs(fields) do
		if type(name) ~= "string" then
			error("a form is a table of named fields, or a list of pairs", 3)
		end
		names[#names + 1] = name
	end
	table.sort(names)
	for i, name in ipairs(names) do
		list[i] = { name, fields[name] }
	end
	return list
end

--- A table as application/x-www-form-urlencoded, keys sorted; or pairs {{name, value}, …} in their order.
---@param fields table<string, string|number>|{[1]: string|number, [2]: string|number}[]
---@return string
function http.form(fields)
	local escape, parts = native.escape, {} -- which refuses what is neither a string nor a number
	for i, pair in ipairs(fields[1] and fields or pairs_of(fields)) do
		parts[i] = escape(pair[1]) .. "=" .. escape(pair[2])
	end
	return table.concat(parts, "&")
end

return hints.strict("partnerapp.http", http)
