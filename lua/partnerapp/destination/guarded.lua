-- What a destination's functions are given. Reading a name that nothing can ever fill is a spelling mistake, so it
-- raises at its line and says what may have been meant: an absent value would be a request without its key.
local hints = require "partnerapp.hints.names"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local guarded = {}

local DATA = { payload = true, mapping = true, raw_data = true, raw_mapping = true, query = true, page = true }
local AUTH = { "access_token", "refresh_token", "client_id", "client_secret", "refresh_token_url" }
local SETTINGS_OF_SEGMENT = { "dynamicAuthSettings" } -- as validation has it

-- A copy of an object. `known` are the names that may be absent; `words` begin the message about any other.
local function guard(object, known, words)
	local is_known = {}
	for _, name in ipairs(known) do
		is_known[name] = true
	end
	return members.guarded(object, function(_, name)
		if is_known[name] or type(name) ~= "string" then
			return nil
		end
		error(("%s '%s'%s"):format(words, tostring(name), hints.meant(words, name, known)), 2)
	end)
end

local function add_names(list, fields)
	for _, field in ipairs(fields) do
		list[#list + 1] = field.name
	end
	return list
end

--- A payload of an action, or a list of them, after validation. Fields of the other actions may be read, for a function
--- may be shared by several; the payload of an action without fields may have any name.
---@param destination table see destination/definition
---@param action table
---@param payload table
---@return table copy
function guarded.payload(destination, action, payload)
	if #action.fields == 0 then
		return payload
	end
	local known = {}
	for _, one in ipairs(destination.actions) do
		add_names(known, one.fields)
	end
	if not members.is_array(payload) then
		return guard(payload, known, "the payload has no field")
	end
	local list = json.array {}
	for i, one in ipairs(payload) do
		list[i] = guard(one, known, "the payload has no field")
	end
	return list
end

--- What a function gets as `data`.
---@param destination table
---@param data table see calls.data
---@return table copy
function guarded.data(destination, data)
	local copy = {}
	for name, value in pairs(data) do
		copy[name] = value
	end
	local settings = add_names(table.move(SETTINGS_OF_SEGMENT, 1, #SETTINGS_OF_SEGMENT, 1, {}), destination.settings)
	copy.settings = guard(data.settings, settings, "the destination has no setting")
	copy.auth = guard(data.auth, AUTH, "auth has no")
	return hints.strict("data", copy, DATA)
end

return guarded
