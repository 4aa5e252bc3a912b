-- A browser without a screen: calls an app in process, keeps its cookies, follows redirects and submits forms.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local in_any_case = require "partnerapp.web.header_names"
local in_process = require "partnerapp.host.in_process"
local json = require "partnerapp.json"
local mounted = require "partnerapp.host.mounted"
local names = require "partnerapp.hints.names"
local scripts = require "native.scripts"

---@class partnerapp.testing.client
---@field cookies table<string, string> by the name browsers see
local Client = {}
Client.__index = names.strict("a client of testing", Client)

local counter = 0

-- See testing.client.
local function new(app, options)
	options = options or {}
	app = app or require "init"
	mounted.attach(app)
	return setmetatable({
		app = app,
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

local OPTIONS = { body = true, form = true, headers = true, json = true }

local function check_options(options)
	for name in pairs(options) do
		if not OPTIONS[name] then
			local meant = names.meant("a request", name, names.of(OPTIONS))
			error(("%s: unknown option '%s' of a request%s"):format(scripts.caller(), tostring(name), meant), 0)
		end
	end
end

local function raw_request(client, method, target, options)
	check_options(options)
	local path, mark, query = target:match("^([^?]*)(%??)(.*)$")
	counter = counter + 1
	local host = config.public_url:match("^%a+://([^/]+)")
	local raw = {
		method = method,
		target = target,
		path = in_process.decode(path),
		query_string = mark == "?" and query or nil,
		headers = { host = host, cookie = cookie_header(client.cookies) },
		body = options.body,
		ip = client.ip,
		id = "test-" .. counter,
	}
	if options.form then
		raw.body = http.form(options.form)
		raw.headers["content-type"] = "application/x-www-form-urlencoded"
	elseif options.json ~= nil then
		raw.body = assert(json.encode(options.json))
		raw.headers["content-type"] = "application/json"
	end
	for _, headers in ipairs({ client.headers, options.headers or {} }) do
		for name, value in pairs(headers) do
			raw.headers[name:lower()] = value or nil
		end
	end
	raw.host = (raw.headers.host or host):gsub(":%d+$", ""):lower()
	raw.unusual = true -- it may be
	for _, name in ipairs { "x-real-ip", "forwarded", "x-forwarded-for" } do
		raw.forwarding = raw.headers[name] and name or raw.forwarding
	end
	for _, name in ipairs { "sec-purpose", "purpose", "x-purpose", "x-moz" } do
		local value = (raw.headers[name] or ""):lower()
		raw.prefetch = raw.prefetch or value:find "prefetch" ~= nil or value:find "preview" ~= nil
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
	local made, err = in_process.call(self.app, raw_request(self, method, target, options or {}), check_response)
	local response = { status = made.status, headers = in_any_case {}, body = made.body or "", error = err }
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
		local value, why, code = json.decode(response.body)
		if code then
			error("the response is not JSON: " .. why, 2)
		end
		return value
	end
	return names.strict("a response of testing", response, { error = true })
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

return { new = new }
