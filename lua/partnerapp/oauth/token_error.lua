-- The errors of token endpoints (RFC 6749 5.2), also as servers write them that do not keep to it: under status 200,
-- with words of their own, or in another form (TO-03).
local json = require "partnerapp.json"
local short = require "partnerapp.short"

local token_error = {}

-- Words of servers for what RFC 6749 has a word for, in lower case.
local SAME = {}
for name, words in pairs {
	invalid_client = "incorrect_client_credentials bad_client_secret invalid_client_id invalid_client_secret",
	invalid_grant = "bad_verification_code invalid_code code_already_used code_expired bad_auth_code bad_refresh_token "
		.. "invalid_refresh_token refresh_token_expired token_revoked token_expired account_inactive inactive_user "
		.. "interaction_required login_required consent_required",
	redirect_uri_mismatch = "bad_redirect_uri redirect_mismatch invalid_redirect_uri",
	temporarily_unavailable = "server_error internal_error fatal_error service_unavailable ratelimited rate_limited "
		.. "rate_limit_exceeded slow_down",
} do
	for word in words:gmatch "%S+" do
		SAME[word] = name
	end
end

-- Errors that every further attempt would get too.
local FINAL = {
	invalid_grant = true,
	invalid_client = true,
	unauthorized_client = true,
	invalid_scope = true,
	unsupported_grant_type = true,
}

local function text_of(value)
	return type(value) == "string" and value ~= "" and value or nil
end

-- The first of these members that is a text.
local function first(body, ...)
	for _, name in ipairs { ... } do
		local text = text_of(body[name])
		if text then
			return text
		end
	end
end

local DESCRIPTIONS =
	{ "error_description", "error_message", "message", "reason", "detail", "description", "errmsg", "error_msg" }

-- A word for an error: a text, or a number as WeChat and others have them, of which 0 is none.
local function word_of(body, ...)
	for _, name in ipairs { ... } do
		local value = body[name]
		if text_of(value) or math.type(value) == "integer" and value ~= 0 then
			return tostring(value)
		end
	end
end

-- The word and the description of one of a list of errors, which is an object or a text.
local function read_listed(listed, description)
	if type(listed) ~= "table" then
		return text_of(listed), description
	end
	local name = word_of(listed, "code", "errorType", "error", "type", "title") or "error"
	return name, first(listed, table.unpack(DESCRIPTIONS)) or description
end

-- The word and the description of an error, as the server wrote them; nil when there is none. A success may have a
-- `message` or a `code` too, so only `error` and what resembles it count there.
local function read(body, is_success)
	local said = body.error
	local description = first(body, table.unpack(DESCRIPTIONS))
	if type(said) == "table" and next(said) and not json.is_array(said) then -- as the APIs of Facebook and Google do
		return first(said, "type", "status", "code") or "error", first(said, table.unpack(DESCRIPTIONS)) or description
	end
	local name = word_of(body, "error", "error_type", "error_code", "errcode") or said == true and "error" or nil
	if not name and json.is_array(body.errors) then
		name, description = read_listed(body.errors[1], description)
	end
	if not name and body.ok == false then
		name, description = "error", description or "ok is false"
	elseif not name and not is_success then
		name = first(body, "code", "status")
		if not name and description then
			return description, nil
		end
	end
	return name, description
end

-- Whether an answer is about a token, also where that is a member of another (which is not supported): what has a
-- token may have a `message` that is no error.
local function has_token(body)
	for _, value in pairs(body) do
		if type(value) == "table" and text_of(value.access_token) then
			return true
		end
	end
	return text_of(body.access_token) ~= nil
end

-- A server may have no word for a refresh token that has ended, but a sentence.
local function is_about_refresh_token(text)
	text = text:lower()
	return text:find "refresh[ _-]token" ~= nil
		and (text:find "invalid" or text:find "expired" or text:find "revoked" or text:find "not found") ~= nil
end

---@class partnerapp.token_error
---@field name string the word of RFC 6749 for it, else the server's own
---@field text string for people: the server's word and description
---@field is_down boolean whether the server asks to come again later
---@field is_final boolean whether every further attempt to renew would be refused too

--- The error in a decoded answer; nil when it has none.
---@param body any
---@param status integer
---@return partnerapp.token_error?
function token_error.find(body, status)
	if type(body) ~= "table" or json.is_array(body) then
		return nil
	end
	local word, description = read(body, status < 300 and has_token(body))
	if not word then
		return nil
	end
	local name = SAME[word:lower()] or word
	local text = short(description and word .. ": " .. description or word)
	return {
		name = name,
		text = text,
		is_down = status >= 500 or status == 429 or name == "temporarily_unavailable",
		is_final = FINAL[name] or is_about_refresh_token(text),
	}
end

return token_error
