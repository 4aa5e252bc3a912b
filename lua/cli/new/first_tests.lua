-- The recorded tries that a new destination begins with: of an event with everything, and of one with the required
-- fields alone. They are the same in every run.
local files = require "native.files"
local json = require "partnerapp.json"
local recorded = require "cli.recorded"

local first_tests = {}

local REQUIRED_ONLY = '{"type":"track","event":"Signed Up","anonymousId":"a-1","messageId":"m-1"}'

--- Records them and prints their paths. Raises when a file cannot be written.
---@param folder string of the app
---@param slug string of its destination
---@param action string
function first_tests.record(folder, slug, action)
	local customer_settings = require "partnerapp.destination.customer_settings"
	local destinations = require "partnerapp.destination.files"
	local recordings = require "partnerapp.destination.recordings"
	local samples = require "partnerapp.destination.samples"
	local stages = require "partnerapp.destination.stages"
	local destination = assert(destinations.load(slug))
	local settings = customer_settings.values(destination, {}, true)
	local events =
		{ all_fields = samples.event "track", required_fields = json.decode(REQUIRED_ONLY, { order = true }) }
	for _, name in ipairs { "all_fields", "required_fields" } do
		local input = { action = action, event = events[name], settings = settings }
		local story = stages.run(destination, input.event, { settings = settings, action = action })
		local file = recorded.path(folder, slug, name)
		assert(recorded.write(file, recordings.make(destination, input, { story })))
		files.out(("%s\n"):format(file))
	end
end

return first_tests
