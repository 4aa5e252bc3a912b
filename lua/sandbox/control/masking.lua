-- What the request log keeps of headers, queries and bodies: readable text without credentials (LG-01).
local log = require "partnerapp.log"

local masking = {}

local SECRET_HEADERS = { authorization = true, cookie = true, ["proxy-authorization"] = true, ["x-csrf-token"] = true }
local SCHEMES = { basic = true, bearer = true }

local SECRET_FIELDS = {}
for name in ("access_token client_secret code code_verifier csrf password refresh_token token"):gmatch "%S+" do
	SECRET_FIELDS[name] = true
end

local BODY_MOST = 2000 -- bytes: pages show them, and a thousand requests are kept

-- The scheme helps in debugging; what follows it is secret.
local function scheme_of(value)
	local scheme = value:match "^(%a+) "
	return scheme and SCHEMES[scheme:lower()] and scheme .. " ***" or "***"
end

-- Secrets masked as in the log: a query may hold a code or a token. JSON cannot have bytes that are not UTF-8.
local function readable(text)
	text = log.masked(text)
	return utf8.len(text) and text or text:gsub("[\x80-\xff]", "?")
end

---@param headers table<string, string>
---@return table<string, string>
function masking.headers(headers)
	local shown = {}
	for name, value in pairs(headers) do
		shown[name] = SECRET_HEADERS[name] and scheme_of(value) or readable(value)
	end
	return shown
end

---@param path string
---@return string
function masking.path(path)
	return log.masked(path)
end

local function masked_fields(text)
	return text:gsub("([^&=]+)=([^&]*)", function(name, value)
		return name .. "=" .. (SECRET_FIELDS[name] and value ~= "" and "***" or value)
	end)
end

---@param query string? urlencoded
---@return string?
function masking.query(query)
	return query and readable((masked_fields(query)))
end

-- The place after a JSON string's last byte, of which `at` is the first; also of a string that was cut.
local function string_end(text, at)
	while true do
		at = text:find('["\\]', at)
		if not at then
			return #text + 1
		elseif text:sub(at, at) == '"' then
			return at
		end
		at = at + 2 -- an escape, which may be of a quote
	end
end

local function masked_json(text)
	local parts, from = {}, 1
	while true do
		local first, last, name = text:find('"([%w_]+)"%s*:%s*"', from)
		if not first then
			parts[#parts + 1] = text:sub(from)
			return table.concat(parts)
		end
		parts[#parts + 1] = text:sub(from, last)
		from = last + 1
		if SECRET_FIELDS[name] then
			parts[#parts + 1] = "***"
			from = string_end(text, from)
		end
	end
end

--- The beginning of a body.
---@param body string?
---@param media_type string? the header Content-Type
---@return string? nil without a body
function masking.body(body, media_type)
	if not body or body == "" then
		return nil
	end
	local text = body
	if #body > BODY_MOST then
		text = body:sub(1, BODY_MOST):gsub("[\xc0-\xff][\x80-\xbf]*$", "")
	end
	local is_form = (media_type or ""):find("x-www-form-urlencoded", 1, true)
	text = readable((is_form and masked_fields(text) or masked_json(text)))
	return #body > BODY_MOST and ("%s … (%d bytes)"):format(text, #body) or text
end

--- What a response says: where it leads, or the beginning of its body; of a page only that it is one.
---@param response table
---@return string?
function masking.answer(response)
	local headers = response.headers or {}
	local location, media_type = headers.location, headers["content-type"]
	if type(location) == "string" then
		local address, query = location:match "^([^?]*)%??(.*)$"
		return "Location: " .. readable(address) .. (query ~= "" and "?" .. masking.query(query) or "")
	elseif type(media_type) == "string" and media_type:find "^text/html" then
		return "a page"
	elseif headers["content-encoding"] then
		return ("%d bytes, %s"):format(#(response.body or ""), tostring(headers["content-encoding"]))
	end
	return masking.body(response.body, media_type)
end

return masking
