-- Responses: plain tables { status, headers, body } that a handler may change before it returns them.
local config = require "partnerapp.config"
local in_any_case = require "partnerapp.web.header_names"
local refusal = require "partnerapp.web.refusal"
local strict = require("partnerapp.hints.names").strict

---@class partnerapp.response
---@field status integer
---@field headers table<string, string|string[]>
---@field body string?
---@field logged boolean? the app has logged why it is a status of 500 or more: the library then writes no line
---@field fault "drip"|"reset"|"truncate"|"wrong_length"|nil a fault that the sandbox's server adds on purpose

local reply = {}

-- Raise at the line that called the function of reply.

local function wrong_body(name, body)
	error(
		("reply.%s: the body must be a string, and is %s"):format(name, body == nil and "nil" or "a " .. type(body)),
		3
	)
end

local function check_status(name, status)
	if math.type(status) ~= "integer" or status < 200 or status > 599 then
		error(("reply.%s: the status must be an integer from 200 to 599, not %s"):format(name, tostring(status)), 3)
	end
end

---@param body string|number
---@param status integer? 200 unless said
---@return partnerapp.response
function reply.text(body, status)
	local kind = type(body)
	if kind ~= "string" and kind ~= "number" then
		wrong_body("text", body)
	end
	if status ~= nil then
		check_status("text", status)
	end
	return {
		status = status or 200,
		headers = in_any_case { ["content-type"] = "text/plain; charset=utf-8" },
		body = body,
	}
end

local function page(body, status)
	return {
		status = status or 200,
		headers = in_any_case { ["content-type"] = "text/html; charset=utf-8", ["cache-control"] = "no-store" },
		body = body,
	}
end

---@param body string|number
---@param status integer?
---@return partnerapp.response
function reply.html(body, status)
	local kind = type(body)
	if kind ~= "string" and kind ~= "number" then
		wrong_body("html", body)
	end
	if status ~= nil then
		check_status("html", status)
	end
	return page(body, status)
end

--- A response without a body, for a handler that has nothing to say.
---@param status integer? 204 unless said
---@return partnerapp.response
function reply.empty(status)
	if status ~= nil then
		check_status("empty", status)
	end
	return { status = status or 204, headers = in_any_case {} }
end

local encode

---@param value any what partnerapp.json can encode
---@param status integer?
---@return partnerapp.response
function reply.json(value, status)
	encode = encode or require("partnerapp.json").encode
	if value == nil then
		error("reply.json: the value is nil; JSON's null is json.null of partnerapp.json", 2)
	elseif status ~= nil then
		check_status("json", status)
	end
	local body, err = encode(value)
	if not body then
		error("reply.json: " .. err, 2)
	end
	return {
		status = status or 200,
		headers = in_any_case { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
		body = body,
	}
end

-- Whether a URL stays on this app: a path, or an address that begins with PUBLIC_URL. Browsers read a backslash as a
-- slash, leave out control bytes, and take "//" at the begin for another host.
local function is_own(url)
	if url:find "[%c\\]" then
		return false
	elseif url:find "^/" then
		return url:sub(2, 2) ~= "/"
	end
	local origin = config.public_url
	if url:sub(1, #origin) == origin then
		return #url == #origin or url:find("^[/?#]", #origin + 1) ~= nil
	end
	return not url:find "^[^/?#]*:" -- relative to the page: there is no scheme
end

local REDIRECT = { external = "boolean", status = "number" }
local NO_OPTIONS = {}

local function check_redirect(url, status, options)
	if type(url) ~= "string" or url == "" then
		error(("reply.redirect: the address must be a string, and is %s"):format(url == "" and "empty" or type(url)), 3)
	end
	for name, value in pairs(options) do
		if not REDIRECT[name] then
			local meant = require("partnerapp.hints.names").meant("reply.redirect", name, { "external", "status" })
			error(("reply.redirect: unknown option '%s'%s"):format(tostring(name), meant), 3)
		elseif type(value) ~= REDIRECT[name] then
			error(("reply.redirect: option '%s' must be a %s"):format(name, REDIRECT[name]), 3)
		end
	end
	if math.type(status) ~= "integer" or status < 300 or status > 399 then
		error(("reply.redirect: the status must be an integer from 300 to 399, not %s"):format(tostring(status)), 3)
	elseif not options.external and not is_own(url) then
		local message = "reply.redirect: '%s' leads away from this app (%s): if that is meant, say "
			.. "reply.redirect(url, { external = true }); check an address that came from outside with partnerapp.local_path"
		error(message:format(url, config.public_url), 3)
	end
end

--- A redirect with 303 unless another status is given, so that the browser follows with GET. Another origin needs
--- `external`. Check an address that came from outside with partnerapp.local_path first.
---@param url string
---@param options integer|{status: integer?, external: boolean?}? an integer is the status
---@return partnerapp.response
function reply.redirect(url, options)
	local status = options
	if type(options) == "table" then
		status = options.status
	else
		options = NO_OPTIONS
	end
	status = status == nil and 303 or status --[[@as integer]]
	check_redirect(url, status, options)
	return { status = status, headers = in_any_case { location = url, ["cache-control"] = "no-store" } }
end

--- A page from views/NAME.html; web/view.lua has what a view may hold.
---@param name string
---@param values table<string, any>?
---@param status integer?
---@return partnerapp.response
function reply.view(name, values, status)
	if type(name) ~= "string" then
		error("reply.view: the name of a view must be a string, not a " .. type(name), 2)
	elseif values ~= nil and type(values) ~= "table" then
		error("reply.view: the values must be a table, not a " .. type(values), 2)
	elseif status ~= nil then
		check_status("view", status)
	end
	return page(require("partnerapp.web.view").render(name, values), status)
end

--- A file of the app's folder, as it was when the app was loaded. Raises when there is no such file; scripts are not
--- served.
---@param path string
---@return partnerapp.response
function reply.file(path)
	local response = type(path) == "string" and require("partnerapp.web.static").file(path)
	if not response then
		local meant = require("partnerapp.web.static").meant(tostring(path))
		error(("reply.file: there is no file '%s' in the app's folder%s"):format(tostring(path), meant), 2)
	end
	return response
end

--- The library's Content-Security-Policy with more that browsers may load for a page: for its header of that name.
---@param allowed table<string, string|string[]> origins by directive, as { img_src = "https://cdn.example.com" }
---@return string
function reply.policy(allowed)
	local text, message = require "partnerapp.web.policy"(allowed)
	if not text then
		error("reply.policy: " .. message, 2)
	end
	return text
end

--- A refusal: becomes a page or JSON, as the client accepts; app:failed may shape it.
---@param status integer
---@param message string for people
---@param reason string? a short stable word for the log
---@return partnerapp.response
function reply.failed(status, message, reason)
	local refused = refusal.new(status, message, nil, reason)
	return refused --[[@as partnerapp.response]]
end

return strict("partnerapp.reply", reply)
