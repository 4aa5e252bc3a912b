-- The network of a test case, in which only the calls that the case lists exist.
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local names = require "partnerapp.hints.names"
local native_http = require "native.http"
local native_request = require "native.request"
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

local network = {}

local listed -- what the case lists and what was called; nil: the true network

local function read_body(request)
	local kind = ""
	for name, value in pairs(request.headers or {}) do
		if name:lower() == "content-type" then
			kind = value:lower()
		end
	end
	if kind:find("json", 1, true) then
		request.json = json.decode(request.body or "")
	elseif kind:find("form-urlencoded", 1, true) then
		request.form = native_request.parse_form(request.body or "")
	end
end

local ANSWER = { status = "number", headers = "table", body = "string", json = "any" }

-- What is wrong with an answer, or nil.
local function problem_of(answer)
	if type(answer) ~= "table" then
		return ("an answer must be a table or a function, not a %s"):format(type(answer))
	end
	for name, value in pairs(answer) do
		local wanted = ANSWER[name]
		if not wanted then
			return ("an answer has no field '%s'%s"):format(
				tostring(name),
				nearest(tostring(name), { "status", "headers", "body", "json" })
			)
		elseif wanted ~= "any" and type(value) ~= wanted then
			return ("the field '%s' of an answer must be a %s, not a %s"):format(name, wanted, type(value))
		end
	end
end

-- What is wrong with the list of a case, or nil. A key that no call can have would never be used.
local function problem_of_list(answers)
	if type(answers) ~= "table" then
		return 'the answers must be a table: { ["GET https://…"] = { … } }'
	end
	for key, answer in pairs(answers) do
		local method, url = tostring(key):match "^(%u+) (https?://[^/]+.*)$"
		if not method then
			return ('"%s" must be a method in upper case, a space, and a URL'):format(tostring(key))
		elseif not url:find "^https?://[^/]+/" then
			return ('"%s" must have a path: "%s/"'):format(key, key)
		elseif url:find "[?#]" then
			return ('"%s" must be without a query: a function as the answer gets it as request.query'):format(key)
		end
		local problem = type(answer) ~= "function" and problem_of(answer)
		if problem then
			return ("%s: %s"):format(key, problem)
		end
	end
end

-- How many bytes two texts have in common at their beginning and at their end.
local function common(a, b)
	local first, last, most = 0, 0, math.min(#a, #b)
	while first < most and a:byte(first + 1) == b:byte(first + 1) do
		first = first + 1
	end
	while last < most - first and a:byte(-last - 1) == b:byte(-last - 1) do
		last = last + 1
	end
	return first + last
end

-- The listed call that has most in common with one that is not listed; nil when there are none.
local function nearest_call(wanted, answers)
	local found, most = nil, -1
	for key in pairs(answers) do
		local score = common(wanted, key) / math.max(#wanted, #key)
		if score > most or score == most and key < found then
			found, most = key, score
		end
	end
	return found
end

local function to_response(answer, url)
	local problem = problem_of(answer)
	if problem then
		error(("testing.network: %s: %s"):format(url, problem), 0)
	end
	local response = { status = answer.status or 200, headers = {}, body = answer.body or "", url = url }
	if answer.json ~= nil then
		response.body = assert(json.encode(answer.json))
		response.headers["content-type"] = "application/json"
	end
	for name, value in pairs(answer.headers or {}) do
		response.headers[name:lower()] = value
	end
	return response
end

local function carry(request)
	local parsed, problem, problem_code = native_http.parse_url(request.url)
	if not parsed then
		return nil, problem, problem_code
	end
	local address, query = request.url:match("^([^?]*)%??(.*)$")
	local key = request.method .. " " .. address
	request.query = native_request.parse_form(query)
	read_body(request)
	listed.calls[#listed.calls + 1] = request
	local answer = listed.answers[key]
	if answer == nil then
		listed.unlisted[#listed.unlisted + 1] = { call = key, nearest = nearest_call(key, listed.answers) }
		return nil, "the test lists no answer for " .. key, "denied"
	elseif type(answer) == "function" then
		local err, code
		answer, err, code = answer(request)
		if not answer then
			return nil, err or "no answer", code or "connect"
		end
	end
	return to_response(answer, request.url)
end

local function carry_all(requests)
	local answers = {}
	for i, request in ipairs(requests) do
		local response, err, code = carry(request)
		answers[i] = response or { error = err, code = code }
	end
	return answers
end

--- Replaces all calls to other servers until `restore`.
---@param answers table<string, table|fun(request: table): table?, string?, string?> see testing.network
---@return {calls: table[]} network the calls that were made, in order
function network.replace(answers)
	local problem = problem_of_list(answers)
	if problem then
		error(("%s: testing.network: %s"):format(scripts.caller(), problem), 0)
	end
	listed = { answers = answers, calls = {}, unlisted = listed and listed.unlisted or {} }
	names.strict("a network of testing", listed)
	http.transport = { request = carry, all = carry_all }
	return listed
end

--- The calls that were made and not listed, as "METHOD URL", each with the listed one that is nearest.
---@return {call: string, nearest: string?}[]
function network.unlisted()
	return listed and listed.unlisted or {}
end

--- From now on calls go to the true network.
function network.restore()
	listed = nil
	http.transport = native_http
end

return network
