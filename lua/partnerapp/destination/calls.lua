-- Calls of a destination's own functions. Each gets a `request` whose calls are kept for the story; calls of
-- partnerapp.http are kept with them, and go the same way: to a stand-in, unless the try sends.
local guarded = require "partnerapp.destination.guarded"
local http = require "partnerapp.http"
local outcome = require "partnerapp.destination.outcome"
local requests = require "partnerapp.destination.requests"
local scripts = require "native.scripts"
local story = require "partnerapp.destination.story"

local calls = {}

-- Runs fn while partnerapp.http is carried by `network`. `nil, message, code` is a failure, as everywhere in scripts.
local function with_network(network, fn)
	local before = http.transport
	http.transport = network
	local fine, result, message, code = pcall(fn)
	http.transport = before
	if fine and result == nil and message ~= nil then
		return false, requests.failure(message, code)
	end
	return fine, result
end

-- A transport for `network` whose calls reach the network that is there now.
local function outside(transport)
	local before = http.transport
	return function(request)
		local inside = http.transport
		http.transport = before
		local fine, answer, message, code = pcall(transport, request)
		http.transport = inside
		if not fine then
			error(answer, 0)
		end
		return answer, message, code
	end
end

--- Calls fn(request, data), after extend_request(data).
---@param fn function
---@param data table
---@param extend_request (fun(data: table): table?)?
---@param try partnerapp.destination.try its transport (nothing is sent without one) and traceparent
---@return boolean fine, any returned_or_raised, partnerapp.destination.sent[] sent
function calls.run(fn, data, extend_request, try)
	local made = requests.new(outside(try.transport or requests.stand_in), try.traceparent)
	local fine, result = with_network(made.network, function()
		if extend_request then
			made.extend(extend_request(data), scripts.place(extend_request))
		end
		return fn(made.request, data)
	end)
	return fine, result, made.sent
end

--- The `data` of a destination's functions.
---@param try partnerapp.destination.try
---@param payload any
---@param event any the event, or a list of them
---@param mapping table?
---@return table
function calls.data(try, payload, event, mapping)
	return {
		payload = payload,
		settings = try.settings or {},
		mapping = mapping,
		auth = try.auth or {},
		raw_data = event,
		raw_mapping = mapping,
	}
end

local function last_status(sent)
	local last = sent[#sent]
	return last and last.answer and last.answer.status
end

-- Calls fn once, and adds to the path what it made of it.
local function call(path, stage, fn, destination, try, data)
	local given = guarded.data(destination, data)
	local fine, returned, sent = calls.run(fn, given, destination.extend_request, try)
	table.move(sent, 1, #sent, #path.requests + 1, path.requests)
	path.returned, path.raised = nil, nil
	if fine then
		path.returned = returned
	else
		path.raised = returned
	end
	local result = fine and outcome.delivered(last_status(sent)) or outcome.of_error(returned)
	local sentence = ("%s made %d request%s"):format(stage, #sent, #sent == 1 and "" or "s")
	story.finish(path, stage, result, sentence)
end

-- With oauth2 a 401 is answered by a new access token, once. True when there is one: the function is called again.
local function refresh(path, stage, destination, try)
	local scheme = destination.authentication.scheme
	local may = try.refresh ~= false and scheme:find "^oauth" and destination.refresh_access_token
	if path.outcome.status ~= 401 or not may then
		return false
	end
	local data = { settings = try.settings or {}, auth = try.auth or {} }
	local given = guarded.data(destination, data)
	local fine, returned, sent = calls.run(destination.refresh_access_token, given, destination.extend_request, try)
	table.move(sent, 1, #sent, #path.requests + 1, path.requests)
	local token = fine and type(returned) == "table" and returned.access_token
	if type(token) ~= "string" then
		local message = fine and "refresh_access_token returned no access_token" or outcome.of_error(returned).message
		story.finish(path, "refresh", outcome.failed { code = "OAUTH_REFRESH_FAILED", status = 401, message = message })
		return false
	end
	require("native.log").mask(token)
	try.auth = { access_token = token, refresh_token = returned.refresh_token or (try.auth or {}).refresh_token }
	local sentence = ("the access token was renewed after a 401: %s is called again"):format(stage)
	story.add(path.stages, "refresh", "passed", sentence)
	return true
end

--- Calls one of a destination's functions for a path of a story: adds stages, requests, what it returned and the
--- outcome. With oauth2 it is called once more after a 401, with a new access token.
---@param path partnerapp.destination.path
---@param stage string
---@param fn function
---@param destination table
---@param try partnerapp.destination.try
---@param data table see calls.data
function calls.on_path(path, stage, fn, destination, try, data)
	call(path, stage, fn, destination, try, data)
	if refresh(path, stage, destination, try) then
		data.auth = try.auth
		call(path, stage, fn, destination, try, data)
	end
end

return calls
