-- The `req` of a handler: a table whose fields are made when they are first read, from the request of the host or, in
-- tests, from a plain table with the same fields (see native.request).
local in_any_case = require "partnerapp.web.header_names"
local native = require "native.request"
local refuse = require("partnerapp.web.refusal").refuse

---@class partnerapp.request
---@field method string
---@field path string decoded
---@field params table<string, string> what the route's :names and *rest matched
---@field query table<string, string> the first value of each name
---@field form table<string, string> of an urlencoded body, the first value of each name; {} without a body
---@field json any the decoded body. Refuses a malformed one with 400, another content type with 415
---@field headers table<string, string> lower-case names, read in any case
---@field cookies table<string, string>
---@field body string?
---@field session partnerapp.session?
---@field id string the request's id
---@field ip string the client's address; from X-Forwarded-For only when a trusted proxy sent it
---@field host string without port, lower case
---@field raw native.request
local methods = {}

--- One header, by its name in any case: cheaper than `req.headers[name]` when only one is needed.
---@param name string
---@return string?
function methods:header(name)
	local raw = self.raw
	if type(raw) == "table" then
		return raw.headers[name:lower()]
	end
	return (native.header(raw, name))
end

local function parsed(text, what)
	if not text then
		return {}
	end
	local fields, err = native.parse_form(text)
	return fields
		or refuse(400, "The " .. what .. " of this request is malformed: " .. err .. ".", nil, "malformed_" .. what)
end

local function media_type(self)
	local header = self:header("content-type")
	return header and header:match("^[^;%s]*"):lower()
end

local fields = {}

function fields.headers(self)
	return in_any_case(self.raw.headers)
end

function fields.query(self)
	return parsed(self.raw.query_string, "query")
end

function fields.form(self)
	local body = self.raw.body
	if not body or body == "" then
		return {}
	end
	if media_type(self) ~= "application/x-www-form-urlencoded" then
		refuse(415, "This address takes a form (application/x-www-form-urlencoded).", nil, "not_a_form")
	end
	return parsed(body, "form")
end

function fields.json(self)
	local kind = media_type(self)
	if kind ~= "application/json" and not (kind and kind:find("^application/[^/+]+%+json$")) then
		refuse(415, "This address takes JSON (application/json).", nil, "not_json")
	end
	local value, err, code = require("partnerapp.json").decode(self.raw.body or "")
	if code then
		local status = code == "too_large" and 413 or 400
		refuse(status, "The JSON of this request is malformed: " .. err .. ".", nil, "malformed_json")
	end
	return value
end

function fields.cookies(self)
	return native.parse_cookies(self:header("cookie") or "")
end

function fields.ip(self)
	return require("partnerapp.web.proxies").client(self.raw.ip, self:header("x-forwarded-for"))
end

function fields.session(self)
	if not rawget(self, "without_session") then
		local session = require("partnerapp.session").load(self)
		self.without_session = not session
		return session
	end
end

function fields.params()
	return {}
end

--- Every value of a name, in order: those of the query, then those of a form.
---@param name string
---@return string[]
function methods:all(name)
	local list = {}
	local texts = { self.raw.query_string or "" }
	if self.raw.body and media_type(self) == "application/x-www-form-urlencoded" then
		texts[2] = self.raw.body
	end
	for _, text in ipairs(texts) do
		local values, err = native.values(text, name)
		if not values then
			refuse(400, "This request is malformed: " .. err .. ".", nil, "malformed_fields")
		end
		table.move(values, 1, #values, #list + 1, list)
	end
	return list
end

--- The user and password of Basic credentials, as they were sent; nil when they are absent or malformed.
---@return string? user, string? password
function methods:basic()
	local header = self:header("authorization")
	local encoded = header and header:match("^[Bb][Aa][Ss][Ii][Cc] +([%w+/=]+)$")
	local text = encoded and require("native.crypto").unbase64(encoded)
	if text then
		return text:match("^([^:]*):(.*)$")
	end
end

--- The token of Bearer credentials.
---@return string?
function methods:bearer()
	local header = self:header("authorization")
	return header and header:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +([^%s]+)$")
end

-- The weight that an Accept header gives to one of two media types; 0 when it names neither.
local function wish(accept, one, other)
	local best = 0
	for part in accept:lower():gmatch("[^,]+") do
		local kind = part:match("^%s*([^;%s]+)")
		if kind == one or kind == other then
			best = math.max(best, tonumber(part:match(";%s*q=([%d.]+)") or 1) or 0)
		end
	end
	return best
end

--- Whether the client prefers JSON to a page.
---@return boolean
function methods:wants_json()
	local accept = self:header("accept")
	if not accept then
		return false
	end
	local json = wish(accept, "application/json", "application/problem+json")
	return json > wish(accept, "text/html", "application/xhtml+xml")
end

--- Whether the client asks ahead of a visit: with HEAD, or because a browser prefetches or previews a link. The
--- response is then shown to no visitor: a handler of GET that uses something up must not do so.
---@return boolean
function methods:is_prefetch()
	return self.method == "HEAD" or self.raw.prefetch == true
end

--- The token that a form of this session must carry (HT-04); "" without a session.
---@return string
function methods:csrf_token()
	return require("partnerapp.web.csrf").token(self)
end

--- The hidden field with that token, for a view: {{{ req:csrf_field() }}}
---@return string html
function methods:csrf_field()
	return '<input type="hidden" name="csrf" value="' .. self:csrf_token() .. '">'
end

-- What a request may have: the rest of the host's request is read as req.raw.
local KNOWN = { "method", "path", "headers", "body", "id", "host", "raw", "target", "query_string" }
for name in pairs(methods) do
	KNOWN[#KNOWN + 1] = name
end
for name in pairs(fields) do
	KNOWN[#KNOWN + 1] = name
end
table.sort(KNOWN)

local ABSENT = { body = true, session = true, query_string = true } -- which a request may be without

-- A hook may give a request fields of its own, which may be nil: only a name that is surely wrong raises.
local function unknown(name)
	local meant = require("partnerapp.hints.names").surely("a request", name, KNOWN)
	return meant and ("a request has no '%s'%s"):format(name, meant)
end

local function check_name(name)
	local message = unknown(name)
	if message then
		error(message, 3)
	end
end

local Request = { __name = "request", __metatable = false }

function Request.__index(self, name)
	local method = methods[name]
	if method then
		return method
	end
	local make = fields[name]
	local value
	if make then
		value = make(self)
	else
		value = self.raw[name]
	end
	if value ~= nil then
		rawset(self, name, value)
	elseif not ABSENT[name] then
		check_name(name)
	end
	return value
end

local request = {}

--- Why a handler cannot read a field of a request; nil when a request has it, or may have it.
---@param name string
---@return string?
function request.unknown(name)
	for _, known in ipairs(KNOWN) do
		if name == known then
			return nil
		end
	end
	return unknown(name)
end

---@param raw native.request|table
---@return partnerapp.request
function request.new(raw)
	return setmetatable({ raw = raw, method = raw.method, path = raw.path }, Request)
end

return request
