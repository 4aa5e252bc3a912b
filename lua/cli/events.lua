-- What `partnerapp try` takes through a destination: events from a file, a sample or a recorded try, changed by --set.
local files = require "native.files"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local recorded = require "cli.recorded"
local samples = require "partnerapp.destination.samples"

local events = {}

local function read_json(path)
	local bytes, message = files.read(path)
	if not bytes then
		return nil, message
	end
	local value, problem = json.decode(bytes, { order = true })
	if value == nil then
		return nil, ("%s: %s"):format(path == "-" and "standard input" or path, problem)
	end
	return value
end

-- The value at a dotted path is replaced; objects on the way are made.
local function set(event, path, text)
	local value, _, code = json.decode(text)
	if code then
		value = text
	end
	local at, last = event, nil
	for name in path:gmatch "[^.]+" do
		if last then
			if not members.is_object(at[last]) then
				members.set(at, last, members.new())
			end
			at = at[last]
		end
		last = name
	end
	members.set(at, last, value)
end

--- What is tried: { events, batch, action, mapping, settings, answers }.
---@param asked table the arguments of the task
---@param destination table
---@return table? input, string? message
function events.read(asked, destination)
	local input = { batch = asked.batch, action = asked.action }
	local value, message
	if asked.test then
		local path = recorded.path(asked.folder, asked.destination, asked.test)
		if not files.stat(path) then
			return nil, recorded.unknown(asked.folder, asked.destination, asked.test)
		end
		local kept, problem = recorded.read(path)
		if not kept then
			return nil, problem
		end
		value = kept.events or kept.event
		input.batch, input.action = kept.events ~= nil, asked.action or kept.action
		input.mapping, input.settings, input.answers = kept.mapping, kept.settings, kept.answers
	elseif asked.event then
		value, message = read_json(asked.event)
	end
	if message then
		return nil, message
	end
	if #asked.answers > 0 or not input.answers then
		input.answers = asked.answers
	end
	if asked.mapping then
		input.mapping, message = read_json(asked.mapping)
		if input.mapping == nil then
			return nil, message
		end
	end
	if value == nil then
		local action = destination.actions[input.action or ""] -- another message tells of a wrong name
		value = samples.event(asked.sample or samples.fitting(destination, action and action.name, input.mapping))
	end
	if value == nil then
		return nil, ("there is no sample '%s': %s"):format(asked.sample, table.concat(samples.NAMES, ", "))
	end
	input.events = members.is_array(value) and value or { value }
	for _, event in ipairs(input.events) do
		for _, change in ipairs(members.is_object(event) and asked.changes or {}) do
			set(event, change[1], change[2])
		end
	end
	return input
end

return events
