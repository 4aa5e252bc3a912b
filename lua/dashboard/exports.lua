-- An exchange in the forms of other tools: a curl command, a HAR archive, a `partnerapp try` command.
local clock = require "partnerapp.clock"
local config = require "partnerapp.config"
local crypto = require "partnerapp.crypto"
local json = require "partnerapp.json"

local exports = {}

local EVENT_TYPES =
	{ track = true, identify = true, page = true, screen = true, group = true, alias = true, delete = true }

--- The whole URL of an exchange.
---@param exchange partnerapp.traffic.exchange
---@return string
function exports.url(exchange)
	if exchange.direction == "in" and exchange.url:sub(1, 1) == "/" then
		return config.public_url .. exchange.url
	end
	return exchange.url
end

-- A word for a shell: quoted, with bytes that cannot be inside quotes as \xNN.
local function quoted(text)
	if text:find "[%c\x7f-\xff]" and not utf8.len(text) or text:find "[\0-\8\11-\31\127]" then
		local escaped = text:gsub("[\\'\0-\31\127-\255]", function(byte)
			return ("\\x%02x"):format(byte:byte())
		end)
		return "$'" .. escaped .. "'"
	end
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Headers that curl makes itself.
local OWN = { host = true, ["content-length"] = true, connection = true, ["transfer-encoding"] = true }

-- The headers of a request as arguments of curl: without a header it would make its own, and one with an empty value
-- is written with a semicolon.
local function curl_headers(exchange)
	local arguments, has_type = {}, false
	for _, header in ipairs(exchange.request_headers) do
		local name, value = header[1], header[2]
		has_type = has_type or name:lower() == "content-type"
		-- of a request that was refused, a name may be anything: "@" and a path has curl read that file
		if not OWN[name:lower()] and not name:find "^@" then
			arguments[#arguments + 1] = "-H " .. quoted(value == "" and name .. ";" or name .. ": " .. value)
		end
	end
	if not has_type and exchange.request_body ~= "" then
		arguments[#arguments + 1] = "-H 'Content-Type:'"
	end
	return arguments
end

local NOT_WHOLE = "# Not the whole request: its body of %d bytes was not kept. Add it: --data-binary @FILE\n"

--- The request as a curl command. What was replaced by *** has to be filled in.
---@param exchange partnerapp.traffic.exchange
---@return string
function exports.curl(exchange)
	local url, headers = exports.url(exchange), curl_headers(exchange)
	local parts = { "curl" }
	if exchange.method ~= "GET" then
		parts[#parts + 1] = "-X " .. quoted(exchange.method)
	end
	parts[#parts + 1] = url:find "[][{}]" and "--globoff" or nil -- curl would make several requests of [1-3]
	parts[#parts + 1] = url:find("/.", 1, true) and "--path-as-is" or nil -- and shorten /a/../b
	parts[#parts + 1] = "--url " .. quoted(url) -- a target that was refused may look like an option
	table.move(headers, 1, #headers, #parts + 1, parts)
	if exchange.request_note then
		return NOT_WHOLE:format(exchange.request_size) .. table.concat(parts, " \\\n  ")
	elseif exchange.request_body ~= "" then
		parts[#parts + 1] = "--data-raw " .. quoted(exchange.request_body)
	end
	return table.concat(parts, " \\\n  ")
end

--- The event that a request carries, as text; nil when there is none.
---@param exchange partnerapp.traffic.exchange
---@return string?
function exports.event(exchange)
	local value = json.decode(exchange.request_body)
	if type(value) == "table" and EVENT_TYPES[value.type] then
		return exchange.request_body
	end
end

--- The command that takes the event of a request through a destination; nil when it carries none.
---@param exchange partnerapp.traffic.exchange
---@param slug string
---@return string?
function exports.try(exchange, slug)
	local event = exports.event(exchange)
	return event and ("printf %%s %s | partnerapp try %s -e -"):format(quoted(event), slug) or nil
end

local function header(headers, name)
	for _, one in ipairs(headers) do
		if one[1]:lower() == name then
			return one[2]
		end
	end
	return ""
end

-- A text outside of bodies, in JSON: as it is, or each byte as a character, as browsers read the headers of HTTP.
local function har_line(text)
	if not text or utf8.len(text) then
		return text
	end
	return (text:gsub("[\x80-\xff]", function(byte)
		return utf8.char(byte:byte())
	end))
end

local function har_headers(headers)
	local list = json.array {}
	for i, one in ipairs(headers) do
		list[i] = { name = har_line(one[1]), value = har_line(one[2]) }
	end
	return list
end

local function har_query(url)
	local list = json.array {}
	for name, value in (url:match "%?([^#]*)" or ""):gmatch "([^&=]+)=?([^&]*)" do
		list[#list + 1] = { name = har_line(name), value = har_line(value) }
	end
	return list
end

-- A body in JSON: as it is when it is text, else in Base64.
local function har_text(body)
	if utf8.len(body) then
		return body, nil
	end
	return crypto.base64(body), "base64"
end

local function har_request(exchange)
	local text, encoding = har_text(exchange.request_body)
	return {
		method = har_line(exchange.method),
		url = har_line(exports.url(exchange)),
		httpVersion = "HTTP/1.1",
		cookies = json.array {},
		headers = har_headers(exchange.request_headers),
		queryString = har_query(exchange.url),
		headersSize = -1,
		bodySize = exchange.request_size,
		postData = exchange.request_size > 0 and {
			mimeType = har_line(header(exchange.request_headers, "content-type")),
			text = text,
			encoding = encoding,
			comment = exchange.request_note,
		} or nil,
	}
end

local function har_response(exchange)
	local text, encoding = har_text(exchange.response_body)
	return {
		status = exchange.status or 0,
		statusText = "",
		httpVersion = "HTTP/1.1",
		cookies = json.array {},
		headers = har_headers(exchange.response_headers),
		content = {
			size = exchange.response_size,
			mimeType = har_line(header(exchange.response_headers, "content-type")),
			text = text,
			encoding = encoding,
			comment = exchange.response_note,
		},
		redirectURL = har_line(header(exchange.response_headers, "location")),
		headersSize = -1,
		bodySize = exchange.response_size,
		comment = har_line(exchange.error),
	}
end

--- Exchanges as an HTTP archive (HAR 1.2).
---@param list partnerapp.traffic.exchange[]
---@return table
function exports.har(list)
	local entries = json.array {}
	for i, exchange in ipairs(list) do
		local ms = exchange.took * 1000
		entries[i] = {
			startedDateTime = clock.timestamp(exchange.at),
			time = ms,
			request = har_request(exchange),
			response = har_response(exchange),
			cache = json.object {},
			timings = { send = 0, wait = ms, receive = 0 },
			comment = exchange.direction == "in" and "a request to the app" or "a call out",
		}
	end
	return { log = { version = "1.2", creator = { name = "partnerapp", version = "1" }, entries = entries } }
end

return exports
