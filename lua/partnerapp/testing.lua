-- Tools for an app's tests: cases, checks, a client that calls the app without a socket and keeps its cookies, and a
-- network in which only the calls that a case lists exist. `partnerapp test` runs the cases.
local http = require "partnerapp.http"
local native_http = require "native.http"
local native_log = require "native.log"
local native_request = require "native.request"
local sys = require "native.sys"

local testing = {}

-- Cases in the order of their definition, for the runner.
testing.cases = {}

--- Defines a case: fn(t), with the checks of `t`. A check that fails raises.
---@param name string a sentence that says what holds
---@param fn fun(t: partnerapp.testing.checks)
function testing.case(name, fn)
	testing.cases[#testing.cases + 1] = { name = name, run = fn }
end

local function show(value, depth)
	if type(value) == "string" then
		return #value > 400 and ("%q…"):format(value:sub(1, 400)) or ("%q"):format(value)
	elseif type(value) ~= "table" or (depth or 0) > 4 then
		return tostring(value)
	end
	local keys, parts = {}, {}
	for key in pairs(value) do
		keys[#keys + 1] = key
	end
	table.sort(keys, function(a, b)
		return tostring(a) < tostring(b)
	end)
	for i, key in ipairs(keys) do
		parts[i] = (key == i and "" or tostring(key) .. " = ") .. show(value[key], (depth or 0) + 1)
	end
	return "{ " .. table.concat(parts, ", ") .. " }"
end

local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b and math.type(a) == math.type(b)
	end
	for key, value in pairs(a) do
		if not same(value, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

---@class partnerapp.testing.checks
local checks = {}

local function fail(message, note)
	error((note and note .. ": " or "") .. message, 3)
end

--- The same value; numbers must both be integers or both floats. For tables there is `same`.
---@param got any
---@param wanted any
---@param note string?
function checks.equal(got, wanted, note)
	if got ~= wanted or math.type(got) ~= math.type(wanted) then
		fail("got " .. show(got) .. ", wanted " .. show(wanted), note)
	end
end

--- Tables with the same fields and values, also in tables inside.
---@param got any
---@param wanted any
---@param note string?
function checks.same(got, wanted, note)
	if not same(got, wanted) then
		fail("got " .. show(got) .. ", wanted " .. show(wanted), note)
	end
end

---@param got any
---@param note string?
---@return any got
function checks.truthy(got, note)
	if not got then
		fail("got " .. show(got) .. ", wanted something true", note)
	end
	return got
end

---@param got any
---@param note string?
function checks.falsy(got, note)
	if got then
		fail("got " .. show(got) .. ", wanted nil or false", note)
	end
end

--- A string that a Lua pattern matches.
---@param got any
---@param pattern string
---@param note string?
---@return string ... its captures
function checks.match(got, pattern, note)
	if type(got) ~= "string" or not got:find(pattern) then
		fail("got " .. show(got) .. ", wanted a string that matches " .. show(pattern), note)
	end
	return got:match(pattern)
end

--- A string that contains another, taken literally.
---@param got any
---@param text string
---@param note string?
function checks.contains(got, text, note)
	if type(got) ~= "string" or not got:find(text, 1, true) then
		fail("got " .. show(got) .. ", wanted a string with " .. show(text), note)
	end
end

---@param got any
---@param text string
---@param note string?
function checks.lacks(got, text, note)
	if type(got) ~= "string" or got:find(text, 1, true) then
		fail("got " .. show(got) .. ", wanted a string without " .. show(text), note)
	end
end

--- A function that raises an error whose message contains `text`.
---@param fn fun()
---@param text string?
---@param note string?
---@return any error what was raised
function checks.raises(fn, text, note)
	local ok, err = pcall(fn)
	if ok then
		fail("nothing was raised", note)
	elseif text and not tostring(err):find(text, 1, true) then
		fail("raised " .. show(tostring(err)) .. ", wanted " .. show(text), note)
	end
	return err
end

-- The network

local network

local function read_body(request)
	local kind = ""
	for name, value in pairs(request.headers or {}) do
		if name:lower() == "content-type" then
			kind = value:lower()
		end
	end
	if kind:find("json", 1, true) then
		request.json = require("partnerapp.json").decode(request.body or "")
	elseif kind:find("form-urlencoded", 1, true) then
		request.form = native_request.parse_form(request.body or "")
	end
end

local function to_response(answer, url)
	local response = { status = answer.status or 200, headers = {}, body = answer.body or "", url = url }
	if answer.json ~= nil then
		response.body = assert(require("partnerapp.json").encode(answer.json))
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
	network.calls[#network.calls + 1] = request
	local answer = network.answers[key]
	if answer == nil then
		network.unlisted = network.unlisted or key
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

--- Replaces all calls to other servers for the rest of the case. Keys are "METHOD https://host/path"; values are
--- answers { status, headers, body or json } or functions from the request (method, url, query, headers, body, json,
--- form) to one, or to `nil, message, code`. A call that is not listed fails the case.
---@param answers table<string, table|fun(request: table): table?, string?, string?>
---@return {calls: table[]} network the calls that were made, in order
function testing.network(answers)
	network = { answers = answers, calls = {} }
	http.transport = { request = carry, all = carry_all }
	return network
end

-- The clock

testing.clock = {}

--- Moves the server's clock forward until the end of the case.
---@param seconds number
function testing.clock.advance(seconds)
	sys.advance(seconds)
end

---@return number seconds since 1970
function testing.clock.now()
	return sys.now()
end

-- Settings

local native_settings = sys.settings

local function put_back_settings()
	if sys.settings ~= native_settings then
		sys.settings = native_settings
		require("partnerapp.config").read()
	end
end

--- Changes settings of the server for the rest of the case. PUBLIC_URL = "https://app.example" makes it production.
--- What the app read when it was loaded, such as its `env`, stays.
---@param changes table<string, string|false> false unsets a setting
function testing.settings(changes)
	local settings = native_settings()
	for name, value in pairs(changes) do
		settings[name] = value or nil
	end
	sys.settings = function()
		return settings
	end
	require("partnerapp.config").read()
end

-- The log

local native_write = native_log.write
local logged

local function record(level, message, fields)
	logged[#logged + 1] = { level = level, message = message, fields = fields or {} }
	native_write(level, message, fields)
end

--- What was logged since the case began, with secrets unmasked: the host masks them when it writes a line.
---@return {level: string, message: string, fields: table<string, any>}[]
function testing.log()
	return logged
end

-- The client

---@class partnerapp.testing.client
---@field cookies table<string, string> by the name browsers see
local Client = {}
Client.__index = Client

local counter = 0

--- A browser without a screen, which calls the app in process and keeps its cookies.
---@param app partnerapp.app? the app under test unless given
---@param options {ip: string?, headers: table<string, string>?}? sent with every request
---@return partnerapp.testing.client
function testing.client(app, options)
	options = options or {}
	return setmetatable({
		app = app or require "init",
		cookies = {},
		ip = options.ip or "127.0.0.1",
		headers = options.headers or {},
	}, Client)
end

local function cookie_header(cookies)
	local parts = {}
	for name, value in pairs(cookies) do
		parts[#parts + 1] = name .. "=" .. value
	end
	table.sort(parts)
	return #parts > 0 and table.concat(parts, "; ") or nil
end

local function decode_path(path)
	return (path:gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end))
end

local function raw_request(client, method, target, options)
	local path, mark, query = target:match("^([^?]*)(%??)(.*)$")
	counter = counter + 1
	local host = require("partnerapp.config").public_url:match("^%a+://([^/]+)")
	local raw = {
		method = method,
		target = target,
		path = decode_path(path),
		query_string = mark == "?" and query or nil,
		headers = { host = host, cookie = cookie_header(client.cookies) },
		body = options.body,
		ip = client.ip,
		host = host:gsub(":%d+$", ""):lower(),
		id = "test-" .. counter,
	}
	if options.form then
		raw.body = http.form(options.form)
		raw.headers["content-type"] = "application/x-www-form-urlencoded"
	elseif options.json ~= nil then
		raw.body = assert(require("partnerapp.json").encode(options.json))
		raw.headers["content-type"] = "application/json"
	end
	for _, headers in ipairs({ client.headers, options.headers or {} }) do
		for name, value in pairs(headers) do
			raw.headers[name:lower()] = value or nil
		end
	end
	return raw
end

local function check_response(response)
	local status = type(response) == "table" and response.status
	if math.type(status) ~= "integer" or status < 200 or status > 599 then
		error("a response must be a table with a status from 200 to 599", 0)
	end
	for name, value in pairs(response.headers or {}) do
		for _, text in ipairs(type(value) == "table" and value or { value }) do
			if not name:find("^[%w!#$%%&'*+%-.^_`|~]+$") or tostring(text):find("[%c]") then
				error("the response's header '" .. tostring(name) .. "' cannot be sent", 0)
			end
		end
	end
end

local function keep_cookies(client, lines)
	for _, line in ipairs(lines) do
		local name, value = line:match("^([^=]+)=([^;]*)")
		if line:find("; Max%-Age=0") then
			client.cookies[name] = nil
		elseif name then
			client.cookies[name] = value
		end
	end
end

-- Calls an app as src/vm.c does: what is raised becomes a response too.
local function call(app, raw)
	local request = require("partnerapp.web.request").new(raw)
	local trace
	local ok, response = xpcall(function()
		local made = app:dispatch(request)
		check_response(made)
		return made
	end, function(err)
		if type(err) == "string" then
			err, trace = err:match("^(.-)\n(stack traceback:.*)$")
		end
		return err
	end)
	if ok then
		return response
	end
	local answer =
		require("partnerapp.web.fault").finish(app, require("partnerapp.web.request").new(raw), response, trace)
	check_response(answer)
	return answer, not require("partnerapp.web.refusal").is(response) and tostring(response) or nil
end

---@class partnerapp.testing.response
---@field status integer
---@field headers table<string, string> lower-case names; set-cookie is a list
---@field body string
---@field error string? what a script raised, if it did
---@field json fun(): any the decoded body

---@param method string
---@param target string path and query
---@param options {headers: table?, form: table?, json: any, body: string?}?
---@return partnerapp.testing.response
function Client:request(method, target, options)
	local made, err = call(self.app, raw_request(self, method, target, options or {}))
	local response = { status = made.status, headers = {}, body = made.body or "", error = err }
	for name, value in pairs(made.headers or {}) do
		response.headers[name:lower()] = value
	end
	local lines = response.headers["set-cookie"]
	if lines then
		response.headers["set-cookie"] = type(lines) == "table" and lines or { lines }
		keep_cookies(self, response.headers["set-cookie"])
	end
	if method == "HEAD" then
		response.body = ""
	end
	function response.json()
		local value, why, code = require("partnerapp.json").decode(response.body)
		if code then
			error("the response is not JSON: " .. why, 2)
		end
		return value
	end
	return response
end

for _, method in ipairs({ "get", "post", "put", "patch", "delete", "head", "options" }) do
	Client[method] = function(self, target, options)
		return self:request(method:upper(), target, options)
	end
end

--- Follows a redirect to its path on this app.
---@param response partnerapp.testing.response
---@return partnerapp.testing.response
function Client:follow(response)
	local location = response.headers.location or error("the response has no location", 2)
	return self:get((location:gsub("^%a+://[^/]+", "")))
end

local function unescape(text)
	return (text:gsub("&(#?%w+);", { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }))
end

--- Sends the first form of a page, with `values` filled in.
---@param response partnerapp.testing.response
---@param values table<string, string>?
---@return partnerapp.testing.response
function Client:submit(response, values)
	local start = response.body:find("<form", 1, true)
	local stop = start and response.body:find("</form>", start, true)
	if not stop then
		error("the page has no form", 2)
	end
	local inside = response.body:sub(start, stop)
	local head = inside:match("^<form([^>]*)>")
	local form = {}
	for input in inside:gmatch("<input([^>]*)>") do
		local name, value = input:match('name="([^"]*)"'), input:match('value="([^"]*)"')
		if name then
			form[name] = unescape(value or "")
		end
	end
	for name, value in pairs(values or {}) do
		form[name] = value
	end
	local action = unescape(head:match('action="([^"]*)"') or error("the form has no action", 2))
	return self:post(action, { form = form })
end

-- For the runner

--- Runs one case; puts back afterwards what the case replaced.
---@param case {name: string, run: fun(t: partnerapp.testing.checks)}
---@return boolean passed, string? why
function testing.run(case)
	network, logged = nil, {}
	http.transport, native_log.write = native_http, record
	local ok, err = xpcall(case.run, tostring, checks)
	http.transport, native_log.write = native_http, native_write
	sys.reset_clock()
	put_back_settings()
	if ok and network and network.unlisted then
		return false, "the app called " .. network.unlisted .. ", which the case does not list"
	end
	return ok, not ok and err or nil
end

return testing
