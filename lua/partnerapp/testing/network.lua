-- The network of a test case, in which only the calls that the case lists exist.
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local native_http = require "native.http"
local native_request = require "native.request"

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

local function to_response(answer, url)
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
	local address, query = request.url:match("^([^?]*)%??(.*)$")
	local key = request.method .. " " .. address
	request.query = native_request.parse_form(query)
	read_body(request)
	listed.calls[#listed.calls + 1] = request
	local answer = listed.answers[key]
	if answer == nil then
		listed.unlisted = listed.unlisted or key
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
	listed = { answers = answers, calls = {} }
	http.transport = { request = carry, all = carry_all }
	return listed
end

--- The first call that was made and not listed, as "METHOD URL".
---@return string?
function network.unlisted()
	return listed and listed.unlisted
end

--- From now on calls go to the true network.
function network.restore()
	listed = nil
	http.transport = native_http
end

return network
