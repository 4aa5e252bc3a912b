-- Sends an exchange of the traffic again, as a person has edited it: a request to the app, which is answered in this
-- VM, or a call out. What was replaced by *** when it was stored stays missing, but for an install's token.
local http = require "partnerapp.http"
local in_process = require "partnerapp.host.in_process"
local installs = require "partnerapp.installs"
local log = require "partnerapp.log"
local exchanges = require "partnerapp.traffic.exchanges"

local replay = {}

---@class partnerapp.replay.draft
---@field method string
---@field url string of a call out; of a request to the app its target, "/installs/7?a=b"
---@field headers [string, string][]
---@field body string

---@class partnerapp.replay.answer
---@field status integer
---@field headers [string, string][]
---@field body string
---@field draft partnerapp.replay.draft what was sent

local HIDDEN = "***"
local BODY_MOST = 256 << 10

-- Headers that belong to one connection, or that the client makes itself.
local DROPPED = {
	host = true,
	connection = true,
	["content-length"] = true,
	["transfer-encoding"] = true,
	["keep-alive"] = true,
	upgrade = true,
	["http2-settings"] = true,
	expect = true,
	te = true,
	trailer = true,
	["proxy-connection"] = true,
}

--- Whether a header is sent as it stands.
---@param name string
---@return boolean
function replay.is_kept(name)
	return not DROPPED[name:lower()]
end

local function origin_of(url)
	local parts = http.parse_url(url)
	return parts and parts.origin
end

--- The install whose token of today takes the place of the stored "Bearer ***": the one of the exchange, when the call
--- goes to the API that its token is for.
---@param exchange partnerapp.traffic.exchange
---@param url string
---@return partnerapp.install?
function replay.install_of(exchange, url)
	local install = exchange.direction == "out" and exchange.install and installs.find(exchange.install)
	if not install then
		return nil
	end
	local belonging = require "partnerapp.installs.belonging"
	local api = install.api_origin
	if api and not api:find "^https?://" then -- a demo's sandbox has no fixed address
		api = require("partnerapp.config").segment_api_url
	end
	if api and belonging.check(install) and origin_of(url) == origin_of(api) then
		return install
	end
end

--- What still has *** in a draft, and cannot be sent so.
---@param draft partnerapp.replay.draft
---@param install partnerapp.install? whose token takes the place of one
---@return string[] places "URL", "body", or the name of a header
function replay.missing(draft, install)
	local places = {}
	if draft.url:find(HIDDEN, 1, true) then
		places[#places + 1] = "URL"
	end
	for _, header in ipairs(draft.headers) do
		local is_filled = install and header[1]:lower() == "authorization" and header[2] == "Bearer " .. HIDDEN
		local is_cookie = header[1]:lower() == "cookie"
		if header[2]:find(HIDDEN, 1, true) and not is_filled and not is_cookie then
			places[#places + 1] = header[1]
		end
	end
	if draft.body:find(HIDDEN, 1, true) then
		places[#places + 1] = "body"
	end
	return places
end

local function list_of(headers)
	local list = {}
	for name, value in pairs(headers or {}) do
		for _, one in ipairs(type(value) == "table" and value or { value }) do
			list[#list + 1] = { name, tostring(one) }
		end
	end
	table.sort(list, function(a, b)
		return a[1] < b[1]
	end)
	return list
end

-- What was sent and what came, as it may be shown: with secrets replaced as in a stored exchange. A body that is too
-- long for that is left out of the draft.
local function shown(draft, status, headers, body)
	local texts = exchanges.redacted {
		url = draft.url,
		request_headers = draft.headers,
		request_body = draft.body,
		response_headers = list_of(headers),
		response_body = body,
	}
	return {
		status = status,
		headers = texts.response_headers,
		body = texts.response_body,
		draft = {
			method = draft.method,
			url = texts.url,
			headers = texts.request_headers,
			body = #draft.body <= BODY_MOST and texts.request_body or "",
		},
	}
end

--- Makes a call out.
---@param draft partnerapp.replay.draft
---@param install partnerapp.install? see replay.install_of
---@return partnerapp.replay.answer? answer, string? message, string? code
function replay.call(draft, install)
	local headers = {}
	for _, header in ipairs(draft.headers) do
		local name, value = header[1], header[2]
		if install and name:lower() == "authorization" and value == "Bearer " .. HIDDEN then
			local token, message, code = install:token()
			if not token then
				return nil, "the install has no token: " .. message, code
			end
			value = "Bearer " .. token
		end
		if replay.is_kept(name) then
			local key = name:lower() -- a header may be there several times, in any case
			headers[key] = headers[key] or {}
			table.insert(headers[key], value)
		end
	end
	local answer, message, code = http.request(draft.url, {
		method = draft.method,
		headers = headers,
		body = draft.body ~= "" and draft.body or nil,
		compressed = true,
	})
	if not answer then
		return nil, log.masked(message), code
	end
	return shown(draft, answer.status, answer.headers, answer.body)
end

-- The cookies of the browser that asks for the replay, without the one that lets it into the dashboard.
local function cookies_of(req)
	local parts = {}
	for part in (req:header "cookie" or ""):gmatch "[^;]+" do
		if not part:find("_administrator=", 1, true) then
			parts[#parts + 1] = part:match "^%s*(.-)%s*$"
		end
	end
	return #parts > 0 and table.concat(parts, "; ") or nil
end

--- Gives a request to the app, with the cookies of the browser that asks for it. Its answer is not recorded.
---@param app partnerapp.app
---@param draft partnerapp.replay.draft
---@param req partnerapp.request the one that asks for the replay
---@return partnerapp.replay.answer
function replay.request(app, draft, req)
	local headers = {}
	for _, header in ipairs(draft.headers) do
		local name = header[1]:lower()
		headers[name] = headers[name] and headers[name] .. ", " .. header[2] or header[2]
	end
	headers.host, headers.cookie = req:header "host", cookies_of(req)
	local path, query = draft.url:match "^([^?]*)%??(.*)$"
	local raw = {
		method = draft.method,
		target = draft.url,
		path = in_process.decode(path),
		query_string = query ~= "" and query or nil,
		headers = headers,
		body = draft.body ~= "" and draft.body or nil,
		ip = req.raw.ip,
		host = req.host,
		id = req.id,
	}
	local response = in_process.call(app, raw)
	return shown(draft, response.status, response.headers, tostring(response.body or ""))
end

return replay
