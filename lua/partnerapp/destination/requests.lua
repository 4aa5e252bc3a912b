-- The `request` that a destination's functions get: calls relative to what extend_request returned, each kept for the
-- story. They behave as Segment's client: 10 seconds, and an answer that is not 2xx raises.
local crypto = require "native.crypto"
local errors = require "partnerapp.destination.errors"
local hints = require "partnerapp.hints.names"
local http = require "partnerapp.http"
local in_any_case = require "partnerapp.web.header_names"
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local native_http = require "native.http"
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

local requests = {}

local TIMEOUT, TIMEOUT_MOST = 10, 60
local REQUESTS_MOST = 100 -- of one call of a function: more are a loop
local METHODS = { "get", "post", "put", "patch", "delete" }
local OPTIONS = { "json", "form", "query", "headers", "body", "timeout", "bearer", "basic", "throw" }
local EXTENSIONS = { "base_url", "headers", "bearer", "basic", "timeout" }

---@class partnerapp.destination.sent a request for the story
---@field method string
---@field url string
---@field headers table<string, string>
---@field body string?
---@field sent boolean false: it was only computed
---@field answer table? { status, headers, body }; `given`: by a person or a recording
---@field error string? why there is no answer

-- The codes of partnerapp.http as Node.js names them, with the status that Segment's framework gives them.
local NO_ANSWER = {
	timeout = { "ETIMEDOUT", 408 },
	connect = { "EREFUSED", 408 },
	dns = { "ENOTFOUND", 408 },
	bad_response = { "ECONNRESET", 408 },
}

-- Raises with a line of the destination. Lua keeps none when the request was a tail call: `return request:get(…)`.
local function wrong_at(place, message, ...)
	local text = message:format(...)
	error(place:find "%d$" and ("%s: %s"):format(place, text) or text, 0)
end

local function wrong(message, ...)
	wrong_at(scripts.caller(), message, ...)
end

local function check_names(place, given, known, what)
	if type(given) ~= "table" then
		wrong_at(place, "%s must be a table, not a %s", what, type(given))
	end
	for name in pairs(given) do
		local found = false
		for _, one in ipairs(known) do
			found = found or one == name
		end
		if not found then
			wrong_at(place, "%s: unknown option '%s'%s", what, tostring(name), nearest(tostring(name), known))
		end
	end
end

-- What extend_request returned, checked. Raises for a wrong one, with the line of that function: it has ended.
local function check_extension(extension, place)
	extension = extension or {}
	check_names(place, extension, EXTENSIONS, "extend_request")
	local base = extension.base_url
	if base ~= nil and (type(base) ~= "string" or not http.parse_url(base)) then
		wrong_at(place, "extend_request: base_url is not a URL: %s", tostring(base))
	end
	return extension
end

local function join(base, url)
	if type(url) ~= "string" then
		wrong("the URL of a request must be a string, not a %s", type(url))
	elseif url:find "^[%a][%w+.-]*://" then
		return url
	elseif not base then
		wrong("'%s' has no host: extend_request gives no base_url", url)
	elseif url == "" then
		return base
	end
	return (base:gsub("/+$", "")) .. "/" .. (url:gsub("^/+", ""))
end

-- As in Segment's client, query replaces what the URL has.
local function with_query(url, query)
	if query == nil then
		return url
	end
	local address = url:match "^([^?#]*)"
	local text = type(query) == "string" and query or http.form(query)
	return text == "" and address or address .. "?" .. text
end

-- Header names in lower case, values as JavaScript prints them, for a customer may have set them. As in Segment's
-- client, two spellings of one name are joined, and the value "undefined" removes a header.
local function read_headers(given)
	local read = {}
	if given and given[1] ~= nil then
		wrong 'headers are { ["X-Name"] = "value" }, not a list'
	end
	for _, name in ipairs(members.names(given or {})) do
		local lower, text = name:lower(), javascript.to_string(given[name])
		read[lower] = read[lower] and read[lower] .. ", " .. text or text
	end
	return read
end

-- Adds headers to those that are there; one of the same name is replaced.
local function add_headers(headers, given)
	for name, text in pairs(read_headers(given)) do
		headers[name] = text ~= "undefined" and text or nil
	end
end

local function basic(pair)
	return "Basic " .. crypto.base64(("%s:%s"):format(pair[1] or "", pair[2] or ""))
end

local function add_credentials(headers, given)
	if given.basic then
		headers.authorization = basic(given.basic)
	elseif given.bearer then
		headers.authorization = "Bearer " .. given.bearer
	end
end

local function add_body(sent, options)
	if options.json ~= nil then
		local text, message = json.encode(options.json, { javascript = true })
		sent.body = text or wrong("%s %s: %s", sent.method, sent.url, message)
		sent.headers["content-type"] = "application/json"
	elseif options.form then
		sent.body = http.form(options.form)
		sent.headers["content-type"] = sent.headers["content-type"] or "application/x-www-form-urlencoded;charset=UTF-8"
	elseif options.body ~= nil then
		sent.body = tostring(options.body)
	end
end

-- The request in full.
local function compute(state, method, url, options)
	local sent = { method = method, url = with_query(join(state.extension.base_url, url), options.query), sent = false }
	sent.headers = { ["user-agent"] = "Segment (Actions)" }
	if state.traceparent then
		sent.headers.traceparent = state.traceparent
	end
	add_headers(sent.headers, state.extension.headers)
	add_credentials(sent.headers, state.extension)
	add_headers(sent.headers, options.headers)
	add_credentials(sent.headers, options)
	add_body(sent, options)
	return sent
end

-- `data` as in Segment's client: the value of a JSON body, else the text.
local function finish(answer)
	answer.data = answer.body
	local kind = answer.headers["content-type"] or ""
	if kind:find("application/json", 1, true) then
		local value, _, code = json.decode(answer.body or "", { order = true })
		answer.data = not code and value or nil
	end
	return answer
end

--- What a function means that returned `nil, message, code`, as it would have been raised: calls of partnerapp.http
--- return their failures so.
---@param message any
---@param code any
---@return any raised
function requests.failure(message, code)
	local known = NO_ANSWER[code]
	if not known then
		return type(message) == "table" and message or tostring(message)
	end
	return errors.new { message = tostring(message), code = known[1], status = known[2], where = false }
end

local function raise_no_answer(message, code)
	local known = NO_ANSWER[code]
	if not known then
		error(message, 0)
	end
	error(errors.new { message = message, code = known[1], status = known[2] })
end

local function raise_status(sent, answer)
	local message = ("%s %s answered %d"):format(sent.method, sent.url, answer.status)
	error(errors.new { message = message, code = tostring(answer.status), status = answer.status, answer = answer })
end

-- Keeps the request for the story.
local function keep(state, sent)
	if #state.sent == REQUESTS_MOST then
		wrong("more than %d requests for one event", REQUESTS_MOST)
	end
	state.sent[#state.sent + 1] = sent
end

-- Headers of an answer, from any transport. A recording's own table stays as it is.
local function copied(headers)
	local copy = in_any_case {}
	for name, value in pairs(headers) do
		copy[name] = value
	end
	return copy
end

local function carry(state, sent, request)
	local answer, message, code = state.transport(request)
	if not answer then
		sent.error = message
		return nil, message, code
	end
	sent.answer = answer
	setmetatable(answer, nil) -- that of partnerapp.http, which has fewer fields
	answer.headers = copied(answer.headers)
	sent.sent = not (answer.stand_in or answer.given)
	return answer
end

local function timeout_of(state, options)
	local timeout = options.timeout or state.extension.timeout or TIMEOUT
	if type(timeout) ~= "number" or timeout <= 0 or timeout > TIMEOUT_MOST then
		wrong("timeout is in seconds, more than 0 and at most %d", TIMEOUT_MOST)
	end
	return timeout
end

local function call(state, method, url, options)
	options = options or {}
	check_names(scripts.caller(), options, OPTIONS, "request:" .. method:lower())
	local sent = compute(state, method, url, options)
	keep(state, sent)
	local answer, message, code = carry(state, sent, {
		method = method,
		url = sent.url,
		headers = sent.headers,
		body = sent.body,
		timeout = timeout_of(state, options),
	})
	if not answer then
		raise_no_answer(message, code)
	end
	finish(answer)
	if (answer.status < 200 or answer.status > 299) and options.throw ~= false then
		raise_status(sent, answer)
	end
	return answer
end

-- A method that came in a string, such as a field of the payload, in upper case.
local function read_method(given)
	local lower = type(given) == "string" and given:lower() or given
	for _, method in ipairs(METHODS) do
		if method == lower then
			return method:upper()
		end
	end
	wrong("request:request: '%s' is not a method: %s", tostring(given), table.concat(METHODS, ", "))
end

-- A call of partnerapp.http, in the form in which native.http takes it: kept, and carried as the others are. Errors are
-- those of partnerapp.http, and an answer of any status is one.
local function carry_native(state, request)
	local sent = { method = request.method, url = request.url, headers = {}, body = request.body, sent = false }
	add_headers(sent.headers, request.headers)
	add_credentials(sent.headers, request)
	keep(state, sent)
	local answer, message, code = carry(state, sent, request)
	if not answer then
		return nil, message, code
	end
	return { status = answer.status, headers = answer.headers, body = answer.body, url = answer.url or request.url }
end

-- In place of native.http, as partnerapp.http uses it.
local function network_of(state)
	local network = { encoding = { javascript = true } } -- members in an order: the same bytes in every run
	function network.request(request)
		return carry_native(state, request)
	end
	function network.all(list)
		local answers = {}
		for i, request in ipairs(list) do
			local answer, message, code = carry_native(state, request)
			answers[i] = answer or { error = message, code = code }
		end
		return answers
	end
	return network
end

--- Sends with partnerapp.http.
---@param request table
---@return table? answer, string? message, string? code
function requests.send(request)
	return http.request(request.url, request)
end

--- Sends nothing: each request that can be sent is answered with 200 and an empty object.
---@param request table
---@return table? answer, string? message, string? code
function requests.stand_in(request)
	local fine, message, code = native_http.check(request)
	if not fine then
		return nil, message, code
	end
	return { status = 200, headers = { ["content-type"] = "application/json" }, body = "{}", stand_in = true }
end

---@class partnerapp.destination.requests
---@field request table with the methods get, post, put, patch and delete, and request for a method of the event's
---@field sent partnerapp.destination.sent[] the requests that were made
---@field network table a transport for partnerapp.http whose calls are kept as well
---@field extend fun(extension: table?, place: string) takes what extend_request, which is at that place, returned;
--- raises for a wrong one

--- The requests of one call of a destination's function.
---@param transport fun(request: table): table?, string?, string? `send`, `stand_in`, or a test's own
---@param traceparent string? passed on (W3C Trace Context)
---@return partnerapp.destination.requests
function requests.new(transport, traceparent)
	local state = { extension = {}, transport = transport, traceparent = traceparent, sent = {} }
	local request = {}
	for _, method in ipairs(METHODS) do
		request[method] = function(self, url, given)
			if self ~= request then
				wrong("call it with a colon: request:%s(url, …)", method)
			end
			return call(state, method:upper(), url, given)
		end
	end
	function request:request(method, url, given)
		if self ~= request then
			wrong "call it with a colon: request:request(method, url, …)"
		end
		return call(state, read_method(method), url, given)
	end
	return {
		request = hints.strict("request", request),
		sent = state.sent,
		network = network_of(state),
		extend = function(extension, place)
			state.extension = check_extension(extension, place)
		end,
	}
end

return requests
