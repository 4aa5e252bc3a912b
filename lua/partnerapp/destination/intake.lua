-- What Segment looks at before an event reaches a destination: its form, and its integrations object.
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local intake = {}

local NAMED = { page = true, screen = true }
local KNOWN = { track = true, identify = true, page = true, screen = true, group = true, alias = true, delete = true }

local function is_absent(value)
	return value == nil or value == json.null
end

local function is_text(value)
	return type(value) == "string" and value ~= ""
end

-- Each check returns a code of Segment's outcomes and a sentence, or nothing.
local CHECKS = {
	function(event)
		if is_absent(event.userId) and is_absent(event.anonymousId) then
			return "no_user_anon_id", "the event has neither userId nor anonymousId"
		elseif not is_absent(event.userId) and type(event.userId) ~= "string" then
			return "id_not_string", "userId is not a string"
		end
	end,
	function(event)
		if event.type ~= "track" then
			return
		elseif is_absent(event.event) then
			return "event_not_defined", "a track event has no event"
		elseif type(event.event) ~= "string" then
			return "event_not_string", "the event of a track event is not a string"
		end
	end,
	function(event)
		if not is_absent(event.properties) and not members.is_object(event.properties) then
			return "properties_not_object", "properties is not an object"
		elseif not is_absent(event.traits) and not members.is_object(event.traits) then
			return "traits_not_object", "traits is not an object"
		end
	end,
	function(event)
		if not NAMED[event.type] then
			return
		elseif event.name ~= nil and not is_text(event.name) then
			return "name_not_string", "name is empty or not a string"
		elseif event.category ~= nil and type(event.category) ~= "string" then
			return "category_not_string", "category is not a string"
		end
	end,
}

--- Whether Segment takes an event from its source.
---@param event table
---@return string? code of an outcome failed-ingest, string? sentence nil: the event is taken
function intake.problem(event)
	if not members.is_object(event) then
		return "bad_request", "an event is a JSON object"
	elseif not KNOWN[event.type] then
		local shown = event.type == nil and "missing" or tostring(event.type)
		return "bad_request", ("type is %s: track, identify, page, screen, group or alias is expected"):format(shown)
	end
	for _, check in ipairs(CHECKS) do
		local code, sentence = check(event)
		if code then
			return code, sentence
		end
	end
end

--- Whether the event's own integrations object keeps it from a destination, which it names; All stands for those that
--- it does not name.
---@param event table
---@param name string of the destination
---@return string? sentence nil: it lets the event through
function intake.excluded(event, name)
	local integrations = event.integrations
	if not members.is_object(integrations) then
		return
	end
	local own, all = integrations[name], integrations.All
	if own == false then
		return ('the event says integrations["%s"] = false'):format(name)
	elseif own == nil and all == false then
		return ('the event says integrations.All = false and does not name "%s"'):format(name)
	end
end

return intake
