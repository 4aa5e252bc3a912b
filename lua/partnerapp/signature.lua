-- The signature of Segment's webhooks (segment-api 7.4): X-Signature is the HMAC-SHA1 of the body in hex.
local crypto = require "native.crypto"
local json = require "partnerapp.json"

local signature = {}

-- The bytes of the first element of a list, as they stand in the text; nil when there is none.
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

--- What is signed of a body: all of it, or of a batch the first event only, so that the rest is anybody's word.
---@param body string as it came
---@return string
local function signed_part(body)
	if body:find "^%s*%[" and json.is_array(json.decode(body)) then
		return first_element(body) or body
	end
	return body
end

--- Whether a body was signed with one of the secrets, in a time that does not depend on how much of it is right. Upper
--- case is as good as lower.
---@param body string the raw bytes
---@param header string? X-Signature
---@param secrets string[] those in use; several while one takes over from another
---@return boolean
function signature.is_valid(body, header, secrets)
	if type(header) ~= "string" or not header:find "^%x+$" or #header ~= 40 then
		return false
	end
	local part, valid = signed_part(body), false
	for _, secret in ipairs(secrets) do
		valid = crypto.equal(crypto.hex(crypto.hmac("sha1", secret, part)), header:lower()) or valid
	end
	return valid
end

return signature
