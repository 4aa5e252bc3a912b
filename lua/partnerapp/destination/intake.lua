-- What Segment looks at before an event reaches a destination: its form, and its integrations object.
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local intake = {}

local NAMED = { page = true, screen = true }
local KNOWN = { track = true, identify = true, page = true, screen = true, group = true, alias = true, delete = true }

-- The call by which browsers tell what a visitor consented to.
local CONSENT_EVENT = "Segment Consent Preference Updated"

local function is_null(value)
	return value == nil or value == json.null
end

local function is_absent(value)
	return is_null(value) or value == ""
end

local function is_text(value)
	return type(value) == "string" and value ~= ""
end

local function object_or_nil(value)
	return members.is_object(value) and value or nil
end

-- The code and the sentence of an id that a call needs and that is absent or not a string; nothing when it is there.
local function problem_of_id(event, name)
	if is_absent(event[name]) then
		local article = event.type:find "^[aeiou]" and "an" or "a"
		return "id_required", ("%s %s event has no %s"):format(article, event.type, name)
	elseif type(event[name]) ~= "string" then
		return "id_not_string", name .. " is not a string"
	end
end

local NEEDS = { group = "groupId", alias = "previousId" }

local function consent_problem(consent)
	local preferences = consent.categoryPreferences
	if is_null(preferences) then
		return "consent_categorypreferences_should_exist", "context.consent has no categoryPreferences"
	elseif not members.is_object(preferences) then
		return "consent_categorypreferences_fields_should_be_object",
			"context.consent.categoryPreferences is not an object"
	end
	for _, name in ipairs(members.names(preferences)) do
		if type(preferences[name]) ~= "boolean" then
			return "consent_categorypreferences_fields_should_be_bool",
				("context.consent.categoryPreferences.%s is not true or false"):format(name)
		end
	end
	if not is_null(consent.version) and type(consent.version) ~= "number" then
		return "consent_version_should_be_number", "context.consent.version is not a number"
	end
end

-- Each check returns a code of Segment's outcomes and a sentence, or nothing.
local CHECKS = {
	function(event)
		if is_absent(event.userId) and is_absent(event.anonymousId) then
			return "no_user_anon_id", "the event has neither userId nor anonymousId"
		end
		for _, name in ipairs { "userId", "anonymousId" } do
			if not is_absent(event[name]) and type(event[name]) ~= "string" then
				return "id_not_string", name .. " is not a string"
			end
		end
		if NEEDS[event.type] then
			return problem_of_id(event, NEEDS[event.type])
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
		if not is_null(event.properties) and not members.is_object(event.properties) then
			return "properties_not_object", "properties is not an object"
		elseif not is_null(event.traits) and not members.is_object(event.traits) then
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
	function(event)
		local context = object_or_nil(event.context) or {}
		local consent = object_or_nil(context.consent)
		if consent then
			return consent_problem(consent)
		elseif event.type == "track" and event.event == CONSENT_EVENT then
			return "consent_categorypreferences_should_exist", "the event has no context.consent"
		end
	end,
	function(event)
		local context = object_or_nil(event.context) or {}
		local device = object_or_nil(context.device) or {}
		local id = device.advertisingId
		if not is_null(id) and type(id) ~= "string" then
			return "device_advertisingid_should_be_string", "context.device.advertisingId is not a string"
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
	elseif is_null(own) and all == false then
		return ('the event says integrations.All = false and does not name "%s"'):format(name)
	end
end

return intake
