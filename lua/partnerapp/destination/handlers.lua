-- An app's handlers of events (app:on) as a destination: what Segment does with the handlers of a Destination Function.
local batches = require "partnerapp.destination.batches"
local calls = require "partnerapp.destination.calls"
local json = require "partnerapp.json"
local outcome = require "partnerapp.destination.outcome"
local schema = require "partnerapp.destination.schema"
local settings = require "partnerapp.store.settings"
local stories = require "partnerapp.destination.story"

local handlers = {}

--- The slug under which the handlers of an app are tried and recorded.
handlers.SLUG = "app"

local BATCH_SIZE = 400 -- events, at most, in Segment's

-- Names of settings whose values are secrets. An address from the environment is one too, as that of a webhook.
local SECRETS = { "KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL" }

local function type_of(name)
	local value = settings.find(name)
	for _, word in ipairs(value and SECRETS or {}) do
		if name:upper():find(word, 1, true) then
			return "password"
		end
	end
	return value and value:find "^https?://" and "password" or "string"
end

local function settings_of(app)
	local names, list = {}, {}
	for name in pairs(app.env) do
		names[#names + 1] = name
	end
	table.sort(names)
	for i, name in ipairs(names) do
		list[i] = { name = name, type = type_of(name), env = name, default = app.env[name] }
	end
	return list
end

--- The handlers of an app as a destination. Its settings are those of the app.
---@param app partnerapp.app
---@return table? destination nil when the app has no handler
function handlers.destination(app)
	if next(app._handlers) == nil then
		return
	end
	local fields = settings_of(app)
	return {
		name = app.name,
		slug = handlers.SLUG,
		handlers = app._handlers,
		settings = fields,
		settings_schema = schema.of(fields),
		authentication = { scheme = "custom" },
		actions = {},
		presets = {},
		warnings = {},
	}
end

-- A handler in the form of a destination's other functions. The code of `nil, message, code` is left out: at Segment a
-- call that got no answer is a bad request too, unless the handler raises `retry`.
local function as_function(handler)
	return function(_, data)
		local returned, message = handler.run(data.raw_data, data.settings)
		return returned, message
	end
end

-- What a handler raised, as Segment sorts it: errors by their names, and anything else is a bad request.
local function sorted(path)
	if path.outcome.delivered or path.outcome.code then
		return
	end
	local failed = outcome.failed { code = "BadRequestError", status = 400, message = path.outcome.message }
	path.outcome = failed
	local last = path.stages[#path.stages]
	last.code, last.label = failed.code, failed.label
end

--- Gives an event to the handler of its type.
---@param story partnerapp.destination.story
---@param destination table see handlers.destination
---@param event table
---@param try partnerapp.destination.try
function handlers.run(story, destination, event, try)
	local handler = destination.handlers[event.type]
	local path = stories.path(story, "on " .. event.type, handler and handler.where or "no handler")
	if not handler then
		local message = ('the app has no handler for it: app:on("%s", …)'):format(event.type)
		stories.finish(path, "handler", outcome.failed { code = "EventNotSupported", status = 400, message = message })
		return
	end
	calls.on_path(path, "handler", as_function(handler), destination, try, calls.data(try, nil, event))
	sorted(path)
end

--- Gives several events to the handler "batch"; each to the handler of its type when there is none.
---@param list partnerapp.destination.story[] those with an outcome are left out
---@param destination table
---@param try partnerapp.destination.try
function handlers.run_batch(list, destination, try)
	local handler, entries = destination.handlers.batch, {}
	for _, story in ipairs(list) do
		if not story.outcome and not handler then
			handlers.run(story, destination, story.event, try)
		elseif not story.outcome then
			local path = stories.path(story, "on batch", handler.where)
			local action = { name = "batch", batch_size = BATCH_SIZE, batch_bytes = math.huge }
			action.perform_batch = as_function(handler)
			path.payload = story.event
			entries[#entries + 1] = { path = path, action = action, event = story.event }
		end
	end
	for _, batch in ipairs(batches.split(entries)) do
		batches.run(batch, function(fn, payloads, path)
			calls.on_path(path, "handler", fn, destination, try, calls.data(try, nil, json.array(payloads)))
			sorted(path)
		end, { stage = "handler", fn = "the handler" })
	end
end

return handlers
