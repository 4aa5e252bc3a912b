-- What a request to the intake holds, as Segment's libraries send it: JSON, also as text/plain (browsers ask no
-- permission for that) and packed with gzip (mobile and server libraries), or base64 in the address of a pixel.
local crypto = require "partnerapp.crypto"
local gzip = require "partnerapp.gzip"
local json = require "partnerapp.json"

local envelope = {}

local TYPES = { ["application/json"] = true, ["text/plain"] = true }
local WRONG_TYPE = "Content-Type must be application/json or text/plain"

-- The labels of Segment's delivery overview for a request that cannot be read.
local NO_TYPE, OTHER_TYPE, UNREADABLE =
	"Could not parse content-type", "Unsupported content-type", "Could not parse request body"

local function too_large(most)
	return nil, ("too large: at most %d bytes"):format(most)
end

local function unpacked(req, most)
	local body, encoding = req.body or "", (req:header "content-encoding" or "identity"):lower()
	if #body > most then
		return too_large(most)
	elseif encoding == "identity" then
		return body
	elseif encoding ~= "gzip" then
		return nil, "Content-Encoding must be gzip", UNREADABLE
	end
	local text, _, code = gzip.decode(body, most)
	if text then
		return text
	elseif code == "too_large" then
		return too_large(most)
	end
	return nil, "the body is not gzip, as Content-Encoding says", UNREADABLE
end

-- Members keep their order: a destination may make a body of them.
local function object(text)
	local value, message = json.decode(text, { order = true })
	if type(value) ~= "table" or json.is_array(value) then
		return nil, message or "the JSON must be an object", UNREADABLE
	end
	return value
end

--- The object in the body of a request; or nil, a message, and the label of a row when the delivery overview has one.
---@param req table
---@param most integer bytes, also after unpacking
---@return table? value, string? message, string? label
function envelope.read(req, most)
	local kind = (req:header "content-type" or ""):lower():match "^%s*([^;]-)%s*%f[;\0]" or ""
	local text, message, label = unpacked(req, most)
	if not text then
		return nil, message, label
	elseif not kind:find "^[^%s/]+/[^%s/]+$" then
		return nil, WRONG_TYPE, NO_TYPE
	elseif not TYPES[kind] then
		return nil, WRONG_TYPE, OTHER_TYPE
	end
	return object(text)
end

--- The object in the address of a pixel: `data` is its JSON in base64 or base64url, with or without "=" at the end.
---@param req table
---@return table? value, string? message, string? label
function envelope.of_pixel(req)
	local data = req.query.data
	if not data or data == "" then
		return nil, "the address has no data: ?data= and the event's JSON in base64", UNREADABLE
	end
	-- A "+" that was not escaped in the address is a space here.
	local plain = data:gsub("=+$", ""):gsub("[ _-]", { [" "] = "+", _ = "/", ["-"] = "+" })
	local text = crypto.unbase64(plain .. ("="):rep(-#plain % 4))
	if not text then
		return nil, "data is not base64", UNREADABLE
	end
	return object(text)
end

--- The write key of a request: the user of Basic (server libraries, analytics.js today), else writeKey in the object
--- (older browser and mobile libraries, pixels, and server libraries whose Authorization is an OAuth token); nil
--- without one.
---@param req table
---@param value table the object
---@return string?
function envelope.write_key(req, value)
	local user = req:basic()
	local key = user and user ~= "" and user or value.writeKey
	return type(key) == "string" and key ~= "" and key or nil
end

return envelope
