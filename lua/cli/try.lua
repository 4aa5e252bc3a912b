-- partnerapp try: an event through a destination of the app, stage by stage. Nothing is sent without --send.
local app = require "cli.app"
local diff = require "cli.diff"
local files = require "native.files"
local json = require "partnerapp.json"
local plans = require "cli.plans"
local recorded = require "cli.recorded"
local servers = require "cli.servers"
local story = require "cli.story"
local values = require "cli.settings.values"

local command = {
	summary = "Show what an event becomes in a destination, without sending anything",
	usage = "DESTINATION [ACTION] [-e FILE | --sample TYPE | --test NAME] [options]",
	arguments = { most = 2 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app's folder; ./lua/app when there is one" },
		event = { value = "FILE", short = "e", help = "the event, or a list of events, as JSON; - is standard input" },
		sample = { value = "TYPE", help = "a sample: track (the default), identify, page, screen, group, alias" },
		set = { value = "PATH=VALUE", list = true, help = "changes the event; VALUE is JSON, or a string" },
		setting = { value = "NAME=VALUE", list = true, help = "a setting of the destination" },
		mapping = { value = "FILE", help = "the action's mapping as JSON, instead of its presets and defaults" },
		batch = { help = "all events at once, with perform_batch" },
		test = { value = "NAME", help = "the event, settings and mapping of a recorded try" },
		send = { help = "really sends the requests" },
		save = { value = "NAME", help = "records the try, for partnerapp test, without secrets" },
		json = { help = "prints the story as JSON" },
		watch = { help = "runs again at each save, and shows how the requests differ" },
	},
	examples = [[
partnerapp try acme
partnerapp try acme track -e event.json
partnerapp try acme --sample identify --set traits.plan=free --setting region=eu
partnerapp try acme track -e event.json --send]],
}

local function usage(message)
	files.err("partnerapp: try: " .. message .. "\n")
	return { exit_code = 2 }
end

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

-- NAME=VALUE words as a list of pairs; nil and the word that has another form.
local function pairs_of(words)
	local list = {}
	for i, word in ipairs(words or {}) do
		local name, value = word:match "^([^=]+)=(.*)$"
		if not name then
			return nil, word
		end
		list[i] = { name, value }
	end
	return list
end

function command.plan(given)
	local flags = given.flags
	if not given[1] then
		return usage "which destination? See partnerapp try --help"
	elseif (flags.event and 1 or 0) + (flags.sample and 1 or 0) + (flags.test and 1 or 0) > 1 then
		return usage "give one of --event, --sample and --test"
	elseif flags.watch and (flags.send or flags.save or flags.event == "-") then
		return usage "--watch runs again and again: not with --send, --save or standard input"
	elseif not recorded.is_name(flags.save or flags.test or "x") then
		return usage(("'%s' must be letters, digits, - and _"):format(flags.save or flags.test))
	end
	local changes, bad = pairs_of(flags.set)
	local settings, bad_setting = pairs_of(flags.setting)
	if not changes or not settings then
		return usage(("'%s' must be NAME=VALUE"):format(bad or bad_setting))
	end
	local found, folder = app.find(given.settings, flags.app)
	if values.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app_in_memory(found, folder)
	server.settings.CLIENT_ID = server.settings.CLIENT_ID or "client-id-of-nobody"
	server.settings.CLIENT_SECRET = server.settings.CLIENT_SECRET or "secret-of-nobody"
	local asked = {
		destination = given[1],
		action = given[2],
		event = flags.event,
		sample = flags.sample,
		mapping = flags.mapping,
		changes = json.array(changes),
		settings = json.array(settings),
		batch = flags.batch,
		folder = folder,
		test = flags.test,
		save = flags.save,
		send = flags.send,
		json = flags.json,
		watch = flags.watch,
	}
	return plans.task("try", server, { arguments = { json.encode(asked) }, watch = flags.watch })
end

-- What the last run of --watch printed is kept in the task's own database, which is in memory.
local function last_text(text)
	local db = require "partnerapp.db"
	assert(db.exec "CREATE TABLE IF NOT EXISTS last_try (text TEXT)")
	local row = db.row "SELECT text FROM last_try"
	assert(db.exec "DELETE FROM last_try")
	assert(db.exec("INSERT INTO last_try VALUES (?)", text))
	return row and row.text
end

local function print_change(before, after)
	if before == after then
		files.out "no difference\n"
		return
	end
	local colors = files.is_terminal "out"
	local paint = { ["-"] = "\27[31m%s\27[0m", ["+"] = "\27[32m%s\27[0m" }
	for _, line in ipairs(diff.lines(before, after)) do
		local text = ("%s %s"):format(line.mark, line.text)
		files.out((colors and paint[line.mark] or "%s"):format(text) .. "\n")
	end
end

local function fail(message, ...)
	files.err("partnerapp: try: " .. message:format(...) .. "\n")
	return 1
end

-- The value at a dotted path is replaced; objects on the way are made.
local function set(event, path, text)
	local members = require "partnerapp.destination.members"
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

-- What is tried: { events, batch, action, mapping, settings }; nil and a message.
local function input_of(asked)
	local samples = require "partnerapp.destination.samples"
	local members = require "partnerapp.destination.members"
	local input = { batch = asked.batch, action = asked.action }
	local value, message
	if asked.test then
		local kept, problem = recorded.read(recorded.path(asked.folder, asked.destination, asked.test))
		if not kept then
			return nil, problem
		end
		value = kept.events or kept.event
		input.batch, input.action = kept.events ~= nil, asked.action or kept.action
		input.mapping, input.settings = kept.mapping, kept.settings
	elseif asked.event then
		value, message = read_json(asked.event)
	else
		value = samples.event(asked.sample or "track")
		message = ("there is no sample '%s': %s"):format(asked.sample, table.concat(samples.NAMES, ", "))
	end
	if value == nil then
		return nil, message
	end
	if asked.mapping then
		input.mapping, message = read_json(asked.mapping)
		if input.mapping == nil then
			return nil, message
		end
	end
	input.events = members.is_array(value) and value or { value }
	for _, event in ipairs(input.events) do
		for _, change in ipairs(members.is_object(event) and asked.changes or {}) do
			set(event, change[1], change[2])
		end
	end
	return input
end

-- The transport of --send: names each host before the first request to it.
local function sender()
	local requests = require "partnerapp.destination.requests"
	local named = {}
	return function(request)
		local address = ("%s %s"):format(request.method, request.url:match "^%a+://[^/?#]*" or request.url)
		if not named[address] then
			named[address] = true
			files.err(("partnerapp: sending: %s\n"):format(address))
		end
		return requests.send(request)
	end
end

local function run(destination, asked, input)
	local customer_settings = require "partnerapp.destination.customer_settings"
	local stages = require "partnerapp.destination.stages"
	local given = {}
	for name, value in pairs(input.settings or {}) do
		given[name] = value
	end
	for _, pair in ipairs(asked.settings) do
		given[pair[1]] = pair[2]
	end
	input.settings = customer_settings.values(destination, given, not asked.send)
	local try = {
		settings = input.settings,
		action = input.action,
		mapping = input.mapping,
		transport = asked.send and sender() or nil,
	}
	if input.batch then
		return stages.run_batch(destination, input.events, try)
	end
	local stories = {}
	for i, event in ipairs(input.events) do
		stories[i] = stages.run(destination, event, try)
	end
	return stories
end

-- Records the try; several events that are no batch are one recording each.
local function save(destination, asked, input, stories)
	local recordings = require "partnerapp.destination.recordings"
	local many = not input.batch and #input.events > 1
	for i, event in ipairs(input.batch and { false } or input.events) do
		local one = { action = input.action, mapping = input.mapping, settings = input.settings }
		one.event, one.events = event or nil, input.batch and json.array(input.events) or nil
		local path = recorded.path(asked.folder, asked.destination, many and asked.save .. "_" .. i or asked.save)
		local recording = recordings.make(destination, one, input.batch and stories or { stories[i] })
		local written, message = recorded.write(path, recording)
		if not written then
			return nil, message
		end
		files.err(("partnerapp: recorded in %s\n"):format(path))
	end
	files.err "partnerapp: passwords are replaced; the event and the answers are kept as they are: look through them\n"
	return true
end

-- Whether every event was delivered, or was not for this destination at all.
local function is_fine(stories)
	for _, one in ipairs(stories) do
		local results = { one.outcome }
		for _, path in ipairs(one.paths) do
			results[#results + 1] = path.outcome
		end
		for _, result in ipairs(results) do
			if not result.delivered and result.outcome ~= "FILTERED_AT_MAPPING" then
				return false
			end
		end
	end
	return true
end

local function show(asked, stories)
	local parts = {}
	local function write(text)
		parts[#parts + 1] = text
	end
	for i, one in ipairs(stories) do
		if asked.json then
			write(assert(json.encode(story.value(one), { javascript = true })) .. "\n")
		else
			write(i > 1 and "\n" or "")
			story.print(one, write, files.is_terminal "out" and not asked.watch)
		end
	end
	local text = table.concat(parts)
	local before = asked.watch and last_text(text)
	if before then
		files.out(("\n%s\n"):format(("-"):rep(40)))
		print_change(before, text)
	else
		files.out(text)
	end
end

function command.run(arguments)
	local asked = assert(json.decode(arguments[1]))
	local catalog = require "partnerapp.destination.files"
	local destination, message = catalog.load(asked.destination)
	if not destination then
		return fail("%s", message)
	end
	local input
	input, message = input_of(asked)
	if not input then
		return fail("%s", message)
	elseif input.action and not destination.actions[input.action] then
		return fail("%s", catalog.unknown_action(destination, input.action))
	end
	local stories = run(destination, asked, input)
	show(asked, stories)
	if asked.save then
		local saved, problem = save(destination, asked, input, stories)
		if not saved then
			return fail("%s", problem)
		end
	end
	return is_fine(stories) and 0 or 1
end

return command
