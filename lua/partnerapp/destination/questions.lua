-- What Segment's forms ask a destination while a customer sets it up: whether the credentials are right, and which
-- values a dynamic field has.
local calls = require "partnerapp.destination.calls"
local json = require "partnerapp.json"
local mappings = require "partnerapp.destination.mappings"
local directives = require "partnerapp.destination.directives"
local members = require "partnerapp.destination.members"
local outcome = require "partnerapp.destination.outcome"
local stories = require "partnerapp.destination.story"

local questions = {}

--- Asks test_authentication, as the form of the settings does.
---@param destination table see destination/definition
---@param try partnerapp.destination.try
---@return partnerapp.destination.story? story
---@return string? message when the destination has no test_authentication
function questions.authentication(destination, try)
	if not destination.test_authentication then
		return nil, ("%s has no test_authentication"):format(destination.name)
	end
	local story = stories.new(destination)
	local path = stories.path(story, "test_authentication", "as the form of the settings asks")
	path.asks = "authentication"
	local data = calls.data(try)
	calls.on_path(path, "authentication", destination.test_authentication, destination, try, data)
	return story
end

--- Asks refresh_access_token for a new access token.
---@param destination table
---@param try partnerapp.destination.try
---@return partnerapp.destination.path? path its `returned` has the tokens; nil when there is no such function
function questions.refresh(destination, try)
	if not destination.refresh_access_token then
		return nil
	end
	local path = stories.path(stories.new(destination), "refresh_access_token", "as the form of the settings asks")
	try.refresh = false
	calls.on_path(path, "refresh", destination.refresh_access_token, destination, try, calls.data(try))
	return path
end

-- A message when it is not { choices = { { value = …, label = … } }, next_page = … }.
local function problem_of(returned)
	local choices = type(returned) == "table" and returned.choices
	if type(choices) ~= "table" then
		return "a dynamic field returns { choices = { { value = …, label = … }, … } }"
	end
	for i, choice in ipairs(choices) do
		if type(choice) ~= "table" or choice.value == nil or type(choice.label) ~= "string" then
			return ("choice %d has no value or no label"):format(i)
		end
	end
	local page = returned.next_page
	if page ~= nil and page ~= json.null and type(page) ~= "string" then
		return "next_page is a string, or absent on the last page"
	end
end

-- The error that a dynamic field may return in place of choices: { error = { message, code } }.
local function returned_error(returned)
	local err = type(returned) == "table" and returned.error
	if type(err) == "table" then
		return { status = tonumber(err.code) or 500, code = tostring(err.code), message = tostring(err.message) }
	end
end

---@class partnerapp.destination.choices_question
---@field field string
---@field query string? what the customer typed
---@field page string? what the page before gave as next_page
---@field event table? for the values of the other fields
---@field payload table? those values, when they are known without an event

--- Asks a dynamic field for its choices, as the form of a mapping does.
---@param destination table
---@param action table
---@param question partnerapp.destination.choices_question
---@param try partnerapp.destination.try
---@return partnerapp.destination.story? story its path has `choices`
---@return string? message when the field is not dynamic
function questions.choices(destination, action, question, try)
	local fn = action.dynamic_fields[question.field]
	if not fn then
		local names = members.names(action.dynamic_fields)
		local known = #names > 0 and table.concat(names, ", ") or "none"
		return nil, ("%s: '%s' is not among its dynamic_fields: %s"):format(action.name, question.field, known)
	end
	local story = stories.new(destination, question.event)
	local path = stories.path(story, action.name, ("the choices of '%s'"):format(question.field))
	local values = try.mapping or mappings.defaults(action.fields)
	local payload = question.payload or question.event and directives.resolve(values, question.event)
	local data = calls.data(try, payload, question.event, values)
	data.query, data.page = question.query, question.page
	calls.on_path(path, "choices", fn, destination, try, data)
	if not path.outcome.delivered then
		return story
	end
	local failed = returned_error(path.returned)
	local message = not failed and problem_of(path.returned)
	if failed or message then
		failed = failed or { status = 500, message = message }
		stories.finish(path, "choices", outcome.failed(failed))
	else
		path.choices = path.returned.choices
		path.next_page = path.returned.next_page
	end
	return story
end

return questions
