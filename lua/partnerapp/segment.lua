-- Segment's Config API (v1beta): clients, each for one token. Every failure of a call is nil, message, code and
-- details: the message says what a person can do, details are { status, code, body, retry_after } of the answer.
local names = require "partnerapp.segment.names"

local segment = {}

segment.is_name = names.is_name

-- A setting with one of these words in its name is a secret. The address of a webhook is a secret too.
local SECRET_WORDS = { "key", "secret", "token", "password", "appgroup", "hook" }

local function is_secret(setting)
	local name = tostring(setting.name):lower():match("[^/]*$")
	for _, word in ipairs(SECRET_WORDS) do
		if name:find(word, 1, true) then
			return true
		end
	end
	return setting.type == "password"
end

local function shown_setting(setting)
	local copy = {}
	for field, value in pairs(setting) do
		copy[field] = value
	end
	local value = copy.value
	if value ~= nil and value ~= "" and type(value) ~= "boolean" and is_secret(copy) then
		copy.value = "***"
	end
	return copy
end

--- A destination that may be shown: its secret settings, which Segment gives in clear, are "***".
---@param destination table
---@return table
function segment.public(destination)
	local shown = {}
	for field, value in pairs(destination) do
		shown[field] = value
	end
	if type(destination.config) == "table" then
		shown.config = require("partnerapp.json").array {}
		for _, setting in ipairs(destination.config) do
			shown.config[#shown.config + 1] = type(setting) == "table" and shown_setting(setting) or nil
		end
	end
	return shown
end

local PATIENCE = 3
local OPTIONS = { patience = true, renew = true, scope = true, token = true, user = true }

---@class partnerapp.segment.options
---@field token string|fun(): (string?, string?, string?)|nil
---@field renew (fun(): string?, string?, string?)? called once for another token, after a 401
---@field scope string? of the token, for messages
---@field user {[1]: string, [2]: string}? e-mail address and password instead of a token, to create access tokens
---@field patience number? seconds to wait in all while Segment is too busy; 3 unless said

--- A client. Its operations are in segment/*.lua.
---@param options partnerapp.segment.options
---@return partnerapp.segment.client
function segment.new(options)
	for name in pairs(options) do
		if not OPTIONS[name] then
			local meant =
				require "partnerapp.nearest"(tostring(name), { "patience", "renew", "scope", "token", "user" })
			error(("segment.new: unknown option '%s'%s"):format(tostring(name), meant), 2)
		end
	end
	local token = options.token
	if type(token) == "string" then
		local text = token
		token = function()
			return text
		end
	elseif type(token) ~= "function" and not options.user then
		error("segment.new: options.token is missing", 2)
	end
	return require("partnerapp.segment.client") {
		token = token,
		renew = options.renew,
		scope = options.scope,
		user = options.user,
		patience = options.patience or PATIENCE,
	}
end

return require("partnerapp.hints.names").strict("partnerapp.segment", segment)
