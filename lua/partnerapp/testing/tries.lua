-- Events that a test case takes through one of the app's destinations.
local destinations = require "partnerapp.destination.files"
local members = require "partnerapp.destination.members"
local names = require "partnerapp.hints.names"
local nearest = require "partnerapp.nearest"
local requests = require "partnerapp.destination.requests"
local scripts = require "native.scripts"

local tries = {}

local OPTIONS = { action = true, mapping = true, settings = true, auth = true }

---@class partnerapp.testing.tried
---@field outcomes string[] of each action of each event: "delivered", or a code of Segment's delivery overview
---@field requests partnerapp.destination.sent[] { method, url, headers, body, answer }, in their order
---@field stories partnerapp.destination.story[] one for each event: stages, payload, and the whole outcome

local function wrong(message, ...)
	error(("%s: testing.try: %s"):format(scripts.caller(), message:format(...)), 0)
end

local function check(slug, event, options)
	if type(slug) ~= "string" or type(event) ~= "table" then
		wrong 'give a slug and an event: testing.try("acme", { type = "track", … })'
	elseif type(options) ~= "table" then
		wrong("the options must be a table, not a %s", type(options))
	end
	for name in pairs(options) do
		if not OPTIONS[name] then
			wrong("unknown option '%s'%s", tostring(name), nearest(tostring(name), names.of(OPTIONS)))
		end
	end
end

-- The action that is asked for. A mapping is for one action: the only one needs no name.
local function action_of(destination, options)
	local name = options.action
	if name and not destination.actions[name] then
		wrong("%s", destinations.unknown_action(destination, name))
	elseif options.mapping and not name then
		if #destination.actions ~= 1 then
			wrong "a mapping is for one action: name it in the option action"
		end
		name = destination.actions[1].name
	end
	return name
end

--- See testing.try.
---@param slug string
---@param event table
---@param options table?
---@return partnerapp.testing.tried
function tries.run(slug, event, options)
	options = options or {}
	check(slug, event, options)
	local customer_settings = require "partnerapp.destination.customer_settings"
	local customer_tokens = require "partnerapp.destination.customer_tokens"
	local recordings = require "partnerapp.destination.recordings"
	local stages = require "partnerapp.destination.stages"
	local destination, message = destinations.load(slug)
	if not destination then
		wrong("%s", message)
	end
	for name in pairs(options.settings or {}) do
		message = customer_settings.unknown(destination, tostring(name))
		if message then
			wrong("%s", message)
		end
	end
	local try = {
		action = action_of(destination, options),
		mapping = options.mapping,
		settings = customer_settings.values(destination, options.settings, true),
		auth = options.auth or customer_tokens.stand_ins(destination),
		transport = requests.send,
	}
	local stories = members.is_array(event) and stages.run_batch(destination, event, try)
		or { stages.run(destination, event, try) }
	return { outcomes = recordings.outcomes(stories), requests = recordings.requests(stories), stories = stories }
end

return tries
