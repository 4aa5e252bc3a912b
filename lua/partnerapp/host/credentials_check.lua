-- Judges the settings that a person typed for a destination, as the form at Segment does: for the dashboard.
local conditions = require "partnerapp.destination.conditions"
local customer_settings = require "partnerapp.destination.customer_settings"
local customer_tokens = require "partnerapp.destination.customer_tokens"
local members = require "partnerapp.destination.members"
local questions = require "partnerapp.destination.questions"
local requests = require "partnerapp.destination.requests"
local shown_story = require "partnerapp.destination.shown_story"
local validation = require "partnerapp.destination.validation"

local credentials_check = {}

---@class partnerapp.credentials_check
---@field shown table<string, true> the fields that a form shows with these values: depends_on holds
---@field problem string? why Segment would not take the settings
---@field values table<string, any>

--- What holds for settings. Those that are not given come from .env or are defaults; nothing stands in for a secret.
---@param destination table see destination/definition
---@param given table<string, string> by name
---@return partnerapp.credentials_check
function credentials_check.look(destination, given)
	local values = customer_settings.values(destination, given, false)
	local shown = {}
	for _, field in ipairs(conditions.shown(destination.settings, values)) do
		shown[field.name] = true
	end
	local ordered = members.new()
	for _, field in ipairs(destination.settings) do
		members.set(ordered, field.name, values[field.name])
	end
	local valid, problem = true, nil
	if destination.settings_schema then
		valid, problem = validation.validate(destination.settings_schema, ordered)
	end
	return { shown = shown, problem = not valid and problem or nil, values = values }
end

--- Asks test_authentication. Nothing is sent unless `send`: then a stand-in answers 200.
---@param destination table
---@param values table<string, any>
---@param send boolean
---@return table? story as shown_story.value makes it, string? message when the destination has no such function
function credentials_check.authentication(destination, values, send)
	local story, message = questions.authentication(destination, {
		settings = values,
		auth = customer_tokens.find(destination, not send),
		transport = send and requests.send or nil,
	})
	if not story then
		return nil, message
	end
	return shown_story.value(story, 1, {})
end

return credentials_check
