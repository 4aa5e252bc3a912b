-- The signature of Segment's webhooks (docs/segment.md 7.4): X-Signature is the HMAC-SHA1 of the body in hex.
local crypto = require "native.crypto"
local json = require "partnerapp.json"

local signature = {}

-- The bytes of the first element of a JSON array, unchanged; nil when the array is empty.
local function first_element(text)
	local depth, quoted, from = 0, false, text:match "^%s*%[%s*()"
	local at = from
	while at and at <= #text do
		local byte = text:sub(at, at)
		if quoted then
			if byte == "\\" then
				at = at + 1
			elseif byte == '"' then
				quoted = false
			end
		elseif byte == '"' then
			quoted = true
		elseif byte == "{" or byte == "[" then
			depth = depth + 1
		elseif byte == "}" or byte == "]" then
			depth = depth - 1
			if depth == 0 then
				return text:sub(from, at)
			end
		end
		at = at + 1
	end
end

--- The part of a body that is signed: all of it, or the first event of a batch. The rest of a batch is not
--- authenticated.
---@param body string as it came
---@return string
local function signed_part(body)
	if body:find "^%s*%[" and json.is_array(json.decode(body)) then
		return first_element(body) or body
	end
	return body
end

--- The signature of a text, for a destination that sends webhooks as Segment does. Of a batch Segment signs the text of
--- the first event.
---@param text string the raw bytes
---@param secret string
---@return string hex digits in lower case, for X-Signature
function signature.of(text, secret)
	return crypto.hex(crypto.hmac("sha1", secret, text))
end

--- Whether a body was signed with one of the secrets. The time this takes does not depend on how much of the signature
--- is right; its hex digits may be in upper case.
---@param body string the raw bytes
---@param header string? X-Signature
---@param secrets string[] the secrets in use: several while one replaces another
---@return boolean
function signature.is_valid(body, header, secrets)
	if type(header) ~= "string" or not header:find "^%x+$" or #header ~= 40 then
		return false
	end
	local part, valid = signed_part(body), false
	for _, secret in ipairs(secrets) do
		valid = crypto.equal(signature.of(part, secret), header:lower()) or valid
	end
	return valid
end

return require("partnerapp.hints.names").strict("partnerapp.signature", signature)
