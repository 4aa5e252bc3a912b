-- The destinations of the app: for each its settings as the form that a customer sees, a test of the credentials, its
-- actions and presets.
local form_fields = require "partnerapp_dashboard.form_fields"
local json_text = require "partnerapp_dashboard.json_text"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local story_view = require "partnerapp_dashboard.story_view"

local destinations = {}

local function index(req, given)
	local rows = {}
	for i, name in ipairs(given.destinations.names()) do
		local found, message, code = given.destinations.load(name)
		rows[i] = {
			file = ("destinations/%s.lua"):format(name),
			name = found and found.name or name,
			slug = found and found.slug or false,
			actions = found and #found.actions or 0,
			settings = found and #found.settings or 0,
			problem = not found and log.masked(message) or false,
			is_other = code == "other",
		}
	end
	return shell.page(req, "destinations", { title = "Destinations", rows = rows })
end

local function required_in_words(field)
	return field.required == true and "required" or field.required and "required sometimes" or "optional"
end

local function fields_of(list)
	local rows = {}
	for i, field in ipairs(list) do
		rows[i] = {
			name = field.name,
			label = field.label or field.name,
			kind = field.type
				.. (field.multiple and ", several" or "")
				.. (field.format and ", " .. field.format or ""),
			required = required_in_words(field),
			help = field.description or false,
			default = field.default ~= nil and json_text(field.default) or false,
		}
	end
	return rows
end

local function actions_of(destination)
	local list = {}
	for i, action in ipairs(destination.actions) do
		list[i] = {
			name = action.name,
			title = action.title,
			description = action.description or false,
			trigger = action.trigger or false,
			batches = action.perform_batch ~= nil,
			fields = fields_of(action.fields),
		}
	end
	return list
end

local function presets_of(destination)
	local list = {}
	for i, preset in ipairs(destination.presets) do
		list[i] = {
			name = preset.name,
			action = preset.action,
			trigger = preset.trigger or false,
			kind = preset.type,
			mapping = json_text(preset.mapping),
		}
	end
	return list
end

-- What a form that was sent asks: whether the settings are valid, and with "test" what test_authentication says.
local function judge(given, destination, form)
	local sent = form_fields.sent(destination.settings, form, "setting.")
	local found = given.credentials_check.look(destination, sent)
	local typed, forgotten = form_fields.typed(destination.settings, form, "setting.")
	local values = {
		shown = found.shown,
		problem = found.problem or false,
		checked = form["do"] ~= nil,
		typed = typed,
		forgotten = form["do"] == "send" and forgotten or false,
		asks = false,
		story = false,
	}
	if form["do"] == "ask" or values.forgotten then
		values.asks = found.problem == nil
	elseif form["do"] == "dry" or form["do"] == "send" then
		local story = given.credentials_check.authentication(destination, found.values, form["do"] == "send")
		values.story = story and story_view.of(story) or false
	end
	return values
end

local function show(req, given, destination, form)
	local judged = judge(given, destination, form)
	local rows = form_fields.rows(destination.settings, form, "setting.", function(field)
		return given.tester.setting_state(destination, field, false)
	end)
	for i, field in ipairs(destination.settings) do
		rows[i].is_shown = judged.shown[field.name] == true
	end
	return shell.page(req, "destination", {
		title = destination.name,
		destination = destination,
		description = destination.description or false,
		file = destination.place:match "^[^:]+",
		scheme = destination.authentication.scheme,
		can_test = destination.test_authentication ~= nil,
		settings = rows,
		judged = judged,
		actions = actions_of(destination),
		presets = presets_of(destination),
		warnings = given.definition.warnings(destination),
	})
end

local function destination_of(req, given)
	local destination, message, code = given.destinations.load(req.params.slug)
	if not destination then
		local text = code == "bad_definition" and log.masked(message)
			or "There is no destination at this address. The page Destinations has all that are loaded."
		return nil, reply.failed(code == "bad_definition" and 500 or 404, text)
	end
	return destination
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function destinations.add(pages, given)
	pages:get("/destinations", function(req)
		return index(req, given)
	end)

	pages:get("/destinations/:slug", function(req)
		local destination, refused = destination_of(req, given)
		return refused or show(req, given, destination, {})
	end)

	pages:post("/destinations/:slug", function(req)
		local destination, refused = destination_of(req, given)
		return refused or show(req, given, destination, req.form)
	end)
end

return destinations
