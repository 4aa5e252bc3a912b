-- Checks the answer of a token endpoint before its token is used (OA-17, OA-18). The form of Segment's answers is
-- known; those of other servers are read with tolerance where that can deceive no user (TO-03).
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local mask = require("native.log").mask
local names = require "partnerapp.segment.names"
local parse_form = require("native.request").parse_form
local scope = require "partnerapp.oauth.scope"
local token_error = require "partnerapp.oauth.token_error"

local token_answer = {}

local HOUR = 3600
local YEAR = 365 * 24 * HOUR
local LONGEST, LONGEST_ELSEWHERE = 10 * YEAR, 100 * YEAR
local TOKEN_BYTES = 16384
local SCOPE_BYTES = 8192

--- A client's credentials for Basic authentication, form-encoded as RFC 6749 2.3.1 says.
---@param client {id: string, secret: string}
---@return string[] user and password
function token_answer.basic(client)
	return { http.escape(client.id), http.escape(client.secret) }
end

local function bad(message)
	return nil, message, "bad_token"
end

-- A field; null is the same as absent.
local function field(body, name)
	local value = body[name]
	if value ~= json.null then
		return value
	end
end

-- Seconds until a token ends, and whether that is a time. A fraction is cut off. Segment's token without a time ends
-- after an hour; that of another server does not end (nil), nor does one that ends after 0 seconds, as Mailchimp says.
local function life_of(value, elsewhere)
	if value == nil or (elsewhere and value == "") then -- a form has an empty field for what is absent
		return not elsewhere and HOUR or nil, true
	end
	if type(value) == "string" and (value:find "^%d+$" or value:find "^%d+%.%d+$") then
		value = tonumber(value)
	end
	if elsewhere and value == 0 then
		return nil, true
	elseif type(value) ~= "number" or not (value > 0 and value <= (elsewhere and LONGEST_ELSEWHERE or LONGEST)) then
		return nil, false
	end
	return math.max(math.floor(value), 1), true
end

-- A list of scopes as one text; a value that is no list of texts as it is.
local function joined(value)
	if not json.is_array(value) then
		return value
	end
	for _, one in ipairs(value) do
		if type(one) ~= "string" then
			return value
		end
	end
	return table.concat(value, " ")
end

-- The granted scope, and whether it is one; nil when the answer has none, for it is then the scope that was asked for.
local function scope_of(value, elsewhere)
	value = joined(value)
	if value == nil or value == "" then
		return nil, true
	elseif not elsewhere then
		return value, scope.is(value)
	elseif type(value) ~= "string" or #value > SCOPE_BYTES or not value:find "^[ -~]*$" then
		return nil, false
	end
	value = scope.spaced(value)
	return value ~= "" and value or nil, true
end

-- A name, or the first of a list of names; nil when it is absent.
local function name_of(value)
	if json.is_array(value) then
		value = value[1]
	end
	return value, value == nil or names.is_name(value)
end

local NAMES = {
	{ "workspace", "workspace_names", "^workspaces/" },
	{ "source", "source_names", "^workspaces/.*/sources/" },
	{ "name", "install_name", "^installs?/" },
	{ "app_name", "app_name", "" },
}

-- What may be sent as a bearer token. Other servers have many words for it; there only those are refused whose
-- tokens are of no use without a key.
local BEARER = { [""] = true, bearer = true, bearertoken = true, bot = true }
local NEEDS_KEY = { mac = true, pop = true, dpop = true, hok = true, n_a = true }

local function type_problem(kind, elsewhere)
	if kind == nil then
		return nil
	elseif type(kind) ~= "string" then
		return "the token is not of type bearer"
	elseif elsewhere then
		return NEEDS_KEY[kind:lower()] and "the token is not of type bearer but " .. kind or nil
	end
	return not BEARER[kind:lower()] and "the token is not of type bearer" or nil
end

---@class partnerapp.token
---@field access_token string
---@field refresh_token string? Segment gives none
---@field expires_in integer? seconds; nil when it does not expire
---@field scope string?
---@field name string? of the install
---@field app_name string?
---@field workspace string?
---@field source string?

local function is_token(value)
	return type(value) == "string" and #value <= TOKEN_BYTES and value:find "^[\x21-\x7e]+$" ~= nil
end

-- The names that Segment's answers have. What other servers call so is another thing.
local function read_names(body, token)
	for _, known in ipairs(NAMES) do
		local name, fine = name_of(field(body, known[2]))
		if not fine or name and not name:find(known[3]) then
			return bad("the token's " .. known[2] .. " is not the name of a resource at Segment")
		end
		token[known[1]] = name
	end
	return token
end

--- Checks a decoded answer.
---@param body any
---@param elsewhere boolean? whether the server is not Segment
---@return partnerapp.token? token, string? message, string? code "bad_token"
function token_answer.check(body, elsewhere)
	if type(body) ~= "table" or json.is_array(body) then
		return bad "the answer is not a JSON object"
	end
	local access_token, refresh_token = field(body, "access_token"), field(body, "refresh_token")
	if not is_token(access_token) then
		return bad "the answer has no usable access_token: it must be printable ASCII of at most 16 KiB"
	end
	mask(access_token)
	if refresh_token == "" then
		refresh_token = nil
	elseif refresh_token ~= nil and not is_token(refresh_token) then
		return bad "the answer has no usable refresh_token"
	end
	if refresh_token then
		mask(refresh_token)
	end
	local problem = type_problem(field(body, "token_type"), elsewhere)
	if problem then
		return bad(problem)
	end
	local token = { access_token = access_token, refresh_token = refresh_token }
	local fine
	token.expires_in, fine = life_of(field(body, "expires_in"), elsewhere)
	if not fine then
		return bad "the token's expires_in is not a number of seconds"
	end
	token.scope, fine = scope_of(field(body, "scope"), elsewhere)
	if not fine then
		return bad "the token's scope is not a scope"
	end
	if elsewhere then
		return token
	end
	return read_names(body, token)
end

-- A form, as GitHub and older servers answer; nil when the text cannot be one. The patterns are such that their time
-- grows with the text only.
local function form_of(text)
	local size = #text
	while size > 0 and text:find("^%s", size) do
		size = size - 1
	end
	text = text:sub(1, size)
	if not text:find "^[%w_.-]+=" or text:find "[^\x21-\x7e]" then
		return nil
	end
	return parse_form(text)
end

--- The decoded body of an answer: JSON under any content type, or a form.
---@param response partnerapp.http.response
---@return any body, string? message, string? code "bad_token"
function token_answer.decode(response)
	local body, err, code = response.json()
	if not code then
		return body
	end
	local form = form_of(response.body)
	if form then
		return form
	end
	local kind = response.headers["content-type"]
	if kind and not kind:lower():find "json" then
		return bad("the answer is not JSON but " .. kind:sub(1, 80))
	end
	return bad("the answer is not JSON: " .. err)
end

--- The token of an answer of 2xx, which may be an error all the same.
---@param response partnerapp.http.response
---@param elsewhere boolean? whether the server is not Segment
---@return partnerapp.token? token, string? message
---@return string? code "refused", "unavailable", or "bad_token"
---@return partnerapp.token_error? said
function token_answer.read(response, elsewhere)
	local body, err, code = token_answer.decode(response)
	if code then
		return nil, err, code
	end
	local said = token_error.find(body, response.status)
	if said then
		return nil, said.text, said.is_down and "unavailable" or "refused", said
	end
	return token_answer.check(body, elsewhere)
end

return token_answer
