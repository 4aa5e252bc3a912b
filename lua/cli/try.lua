-- partnerapp try: an event through a destination of the app, stage by stage. Nothing is sent without --send.
local diff = require "partnerapp.destination.diff"
local files = require "native.files"
local given_answers = require "partnerapp.destination.given_answers"
local json = require "partnerapp.json"
local recorded = require "cli.recorded"
local shown_story = require "partnerapp.destination.shown_story"
local story = require "cli.story"
local task = require "cli.task"

local command = {
	summary = "Show what an event becomes in a destination, without sending anything",
	usage = "[DESTINATION [ACTION]] [-e FILE | --sample TYPE | --test NAME] [options]",
	arguments = { most = 2 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app's folder; as in `serve` without APP" },
		event = { value = "FILE", short = "e", help = "the event, or a list of events, as JSON; - is standard input" },
		sample = {
			value = "TYPE",
			choices = { "track", "identify", "page", "screen", "group", "alias", "delete" },
			help = "a sample: track, identify, page, screen, group, alias, delete; else the first that a trigger takes",
		},
		set = { value = "PATH=VALUE", list = true, help = "changes the event; VALUE is JSON, or a string" },
		setting = { value = "NAME=VALUE", list = true, help = "a setting of the destination" },
		mapping = { value = "FILE", help = "the action's mapping as JSON, instead of its presets and defaults" },
		batch = { help = "all events at once, with perform_batch" },
		authentication = { help = "asks test_authentication instead" },
		choices = { value = "FIELD", help = "asks for the choices of a dynamic field of the action instead" },
		query = { value = "TEXT", help = "with --choices: what the customer typed" },
		page = { value = "PAGE", help = "with --choices: the next page" },
		test = { value = "NAME", help = "the event, settings, mapping and answers of a recorded try" },
		answer = {
			value = "ANSWER",
			list = true,
			help = "what the partner answers: a status, JSON, or both; each one is for the next request",
		},
		send = { help = "really sends the requests" },
		save = { value = "NAME", help = "records the try, for partnerapp test, without secrets" },
		json = { help = "prints the story as JSON" },
		watch = { help = "runs again at each save, and shows how the requests differ" },
	},
	examples = [[
partnerapp try acme
partnerapp try acme track -e event.json
partnerapp try acme --sample identify --set traits.plan=free --setting region=eu
partnerapp try acme track -e event.json --send
partnerapp try acme --answer '{"id": 7}' --answer '429 {"error": "slow"}'
partnerapp try acme --authentication --send]],
}

local function usage(message)
	files.err("partnerapp: try: " .. message .. "\n")
	return { exit_code = 2 }
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

-- The answers of --answer; nil and a message about one that cannot be read.
local function answers_of(texts)
	local list = {}
	for i, text in ipairs(texts or {}) do
		local answer, message = given_answers.read(text)
		if not answer then
			return nil, message
		end
		list[i] = answer
	end
	return list
end

function command.plan(given)
	local flags = given.flags
	local question = flags.authentication or flags.choices
	if (flags.event and 1 or 0) + (flags.sample and 1 or 0) + (flags.test and 1 or 0) > 1 then
		return usage "give one of --event, --sample and --test"
	elseif flags.watch and (flags.send or flags.save or flags.event == "-") then
		return usage "--watch runs again and again: not with --send, --save or standard input"
	elseif question and (flags.watch or flags.save or flags.batch or flags.test) or flags.choices and not given[2] then
		return usage "--authentication and --choices (of an action) go without --watch, --save, --batch and --test"
	elseif (flags.query or flags.page) and not flags.choices then
		return usage "--query and --page belong to --choices"
	elseif not recorded.is_name(flags.save or flags.test or "x") then
		return usage(("'%s' must be letters, digits, - and _"):format(flags.save or flags.test))
	end
	local answers, unreadable = answers_of(flags.answer)
	if not answers then
		return usage(unreadable)
	elseif #answers > 0 and flags.send then
		return usage "--answer is for a try that does not send: not with --send"
	end
	local changes, bad = pairs_of(flags.set)
	local settings, bad_setting = pairs_of(flags.setting)
	if not changes or not settings then
		return usage(("'%s' must be NAME=VALUE"):format(bad or bad_setting))
	end
	local plan, folder = task.plan("try", given, flags.app)
	if plan.exit_code then
		return plan
	end
	local asked = {
		destination = given[1],
		action = given[2],
		event = flags.event,
		sample = flags.sample,
		mapping = flags.mapping,
		changes = json.array(changes),
		settings = json.array(settings),
		answers = json.array(answers),
		batch = flags.batch,
		folder = folder,
		test = flags.test,
		save = flags.save,
		send = flags.send,
		json = flags.json,
		watch = flags.watch,
		authentication = flags.authentication,
		choices = flags.choices,
		query = flags.query,
		page = flags.page,
	}
	plan.arguments, plan.watch = { json.encode(asked) }, flags.watch
	return plan
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

local NOT_SET = "partnerapp: try: the setting '%s' is required: put %s into .env, or give --setting %s=VALUE\n"
local NO_TOKEN = "partnerapp: try: there is no access token: %s is not set in .env\n"

local function try_of(destination, asked, input)
	local customer_settings = require "partnerapp.destination.customer_settings"
	local customer_tokens = require "partnerapp.destination.customer_tokens"
	local given = {}
	for name, value in pairs(input.settings or {}) do
		given[name] = value
	end
	for _, pair in ipairs(asked.settings) do
		given[pair[1]] = pair[2]
	end
	input.settings = customer_settings.values(destination, given, not asked.send)
	for _, one in ipairs(customer_settings.missing(destination, input.settings)) do
		files.err(NOT_SET:format(one.name, one.env, one.name))
	end
	input.auth = customer_tokens.find(destination, not asked.send)
	if input.auth and not input.auth.access_token then
		files.err(NO_TOKEN:format(customer_tokens.env_name(destination)))
	end
	return {
		settings = input.settings,
		auth = input.auth,
		action = input.action,
		mapping = input.mapping,
		transport = asked.send and sender() or given_answers.transport(input.answers),
	}
end

-- What is wrong with the names that were asked for, or nil. Names the action of a mapping when there is one only.
local function problem_of(destination, asked, input)
	for _, pair in ipairs(asked.settings) do
		local message = require("partnerapp.destination.customer_settings").unknown(destination, pair[1])
		if message then
			return message
		end
	end
	if input.action and not destination.actions[input.action] then
		return require("partnerapp.destination.files").unknown_action(destination, input.action)
	elseif not input.mapping or input.action then
		return nil
	elseif destination.handlers then
		return "the app's handlers take events as they are: they have no mapping"
	elseif #destination.actions ~= 1 then
		return ("a mapping is for one action: partnerapp try %s ACTION --mapping FILE"):format(destination.slug)
	end
	input.action = destination.actions[1].name
end

-- The stories of what was asked; nil and a message when the destination has no such function.
local function run(destination, asked, input)
	local questions = require "partnerapp.destination.questions"
	local stages = require "partnerapp.destination.stages"
	local try = try_of(destination, asked, input)
	if asked.authentication then
		local one, message = questions.authentication(destination, try)
		return one and { one }, message
	elseif asked.choices then
		local question = { field = asked.choices, query = asked.query, page = asked.page, event = input.events[1] }
		local one, message = questions.choices(destination, destination.actions[asked.action], question, try)
		return one and { one }, message
	elseif input.batch then
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
		local one = { action = input.action, mapping = input.mapping, settings = input.settings, auth = input.auth }
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

-- Whether every event was delivered, or was not for this destination at all; and every answer was one.
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

-- Writes the stories, one after the other.
local function write_all(asked, stories, write, colors)
	local shown = {}
	for i, one in ipairs(stories) do
		if asked.json then
			write(assert(json.encode(shown_story.value(one, i, shown), { javascript = true })) .. "\n")
		else
			if #stories > 1 then
				write(("%sevent %d\n"):format(i > 1 and "\n" or "", i))
			end
			story.print(one, write, colors, i, shown)
		end
	end
end

local function show(asked, stories)
	if not asked.watch then
		write_all(asked, stories, files.out, files.is_terminal "out")
		return
	end
	local parts = {}
	write_all(asked, stories, function(text)
		parts[#parts + 1] = text
	end, false)
	local text = table.concat(parts)
	local before = last_text(text)
	if before then
		files.out(("\n%s\n"):format(("-"):rep(40)))
		print_change(before, text)
	else
		files.out(text)
	end
end

function command.run(arguments)
	local asked = assert(json.decode(arguments[1]))
	local destinations = require "cli.destinations"
	local events = require "cli.events"
	local destination, message = destinations.load(asked.destination)
	if not destination then
		return fail("%s", message)
	end
	asked.destination = destination.slug
	local input
	input, message = events.read(asked, destination)
	if not input then
		return fail("%s", message)
	end
	message = problem_of(destination, asked, input)
	if message then
		return fail("%s", message)
	end
	local stories
	stories, message = run(destination, asked, input)
	if not stories then
		return fail("%s", message)
	end
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
