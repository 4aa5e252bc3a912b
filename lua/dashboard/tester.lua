-- The tester: an event on the left becomes requests on the right. Nothing is sent unless a person presses "Send for
-- real" and says yes to what is named then.
local form_fields = require "partnerapp_dashboard.form_fields"
local json_text = require "partnerapp_dashboard.json_text"
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local story_view = require "partnerapp_dashboard.story_view"
local visible = require "partnerapp_dashboard.visible"
local words = require "partnerapp_dashboard.words"

local tester = {}

local TEXT_MOST = 64 << 10 -- of a run's requests, kept in the form for the comparison with the next

local function index(req, given)
	local list, broken = given.tester.destinations(given.app)
	if #list == 1 and #broken == 0 then
		return reply.redirect("/dashboard/tester/" .. list[1].slug)
	end
	return shell.page(req, "tester_index", { title = "Tester", destinations = list, broken = broken })
end

-- The mapping's rows: the action's fields, then what else the mapping has.
local function field_names(action, values)
	local names, seen = {}, {}
	for i, field in ipairs(action.fields) do
		names[i], seen[field.name] = { name = field.name, field = field }, true
	end
	for name in pairs(values) do
		names[#names + 1] = not seen[name] and { name = name } or nil
	end
	return names
end

local function chosen_mapping(list, id)
	for _, one in ipairs(list) do
		if one.id == id then
			return one
		end
	end
	return list[1]
end

-- The middle of the page for one action: its mapping, as a form that was sent has it, or as the destination has it.
local function read_action(given, destination, form, is_fresh)
	local action = destination.actions[form.action or ""]
	if not action then
		return nil
	end
	local list = given.tester.mappings(destination, action)
	local mapping = chosen_mapping(list, form.mapping)
	local rows = field_names(action, mapping.values)
	for _, row in ipairs(rows) do
		local sent = form["field." .. row.name]
		local own = mapping.values[row.name]
		row.text = not is_fresh and sent or own ~= nil and json_text(own) or ""
	end
	return { action = action, mappings = list, mapping = mapping, rows = rows }
end

local function asked_of(form, chosen, destination)
	local asked = {
		event = form.event,
		answers = form.answers,
		settings = form_fields.sent(destination.settings, form, "setting."),
	}
	if chosen then
		asked.action, asked.mapping = chosen.action.name, {}
		for i, row in ipairs(chosen.rows) do
			asked.mapping[i] = { row.name, row.text }
		end
	end
	return asked
end

-- The run that the page compares with: the last one whose requests were others.
local function changes_of(given, form, text)
	local last, earlier = form.last or "", form.earlier or ""
	if text ~= last then
		earlier, last = last, text
	end
	if #last > TEXT_MOST then
		last = ""
	end
	if earlier == "" or last == "" or earlier == last then
		return { last = last, earlier = earlier, lines = {} }
	end
	local lines = {}
	for _, line in ipairs(given.diff.lines(earlier, last)) do
		if line.mark ~= " " then
			lines[#lines + 1] = { mark = line.mark, text = visible(line.text) }
		end
	end
	return { last = last, earlier = earlier, lines = lines }
end

local function unreadable(problems)
	return problems.event and "the event" or problems.answers and "an answer" or "the mapping"
end

-- Runs what a form has: the values of the view "tester_story".
local function run(given, destination, form, chosen)
	local typed, forgotten = form_fields.typed(destination.settings, form, "setting.")
	local send = form["do"] == "send" and not forgotten
	local input, problems = given.tester.read(destination, asked_of(form, chosen, destination), not send)
	local values = {
		problems = problems or { fields = {} },
		unreadable = problems and unreadable(problems) or false,
		stories = {},
		resolved = {},
		rows = chosen and chosen.rows or {},
		changes = { last = form.last or "", earlier = form.earlier or "", lines = {} },
		calls = {},
		asks = false,
		typed = typed,
		forgotten = form["do"] == "send" and forgotten or false,
		kept = false,
		keep_problem = false,
	}
	if not input then
		return values
	end
	local done = given.tester.run(destination, input, send)
	for i, story in ipairs(done.shown) do
		values.stories[i] = story_view.of(story)
	end
	for name, text in pairs(done.resolved) do
		values.resolved[name] = visible(text)
	end
	for i, call in ipairs(done.calls) do
		values.calls[i] = visible(call)
	end
	values.changes = changes_of(given, form, done.text)
	values.asks = (form["do"] == "ask" or values.forgotten) and #done.calls > 0
	if form["do"] == "keep" then
		local path, message = given.tester.keep(destination, input, done.stories, form.name or "")
		values.kept, values.keep_problem = path or false, not path and message or false
	end
	return values
end

local function load_choices(given, slug)
	local list = {}
	for _, name in ipairs(given.tester.SAMPLES) do
		list[#list + 1] = { value = "sample " .. name, text = "Sample: " .. name }
	end
	for _, name in ipairs(given.tester.tests(slug)) do
		list[#list + 1] = { value = "test " .. name, text = "Test: " .. name }
	end
	for _, one in ipairs(given.tester.kept_events()) do
		list[#list + 1] = { value = "kept " .. one.id, text = ("%s, %s"):format(visible(one.what), words.ago(one.at)) }
	end
	return list
end

local function page(req, given, destination, form, is_fresh)
	local chosen = read_action(given, destination, form, is_fresh)
	local values = run(given, destination, form, chosen)
	if req:header "x-part" == "story" then
		local response = reply.view("partnerapp_dashboard/tester_story", values)
		response.headers["x-part"] = "story"
		return response
	end
	values.title = destination.name
	values.width = "full"
	values.destination = destination
	values.chosen = chosen or false
	values.event = form.event
	values.answers = form.answers or ""
	values.loads = load_choices(given, destination.slug)
	values.loaded = form.load or ""
	values.settings = form_fields.rows(destination.settings, form, "setting.", function(field)
		return given.tester.setting_state(destination, field, true)
	end)
	values.name = form.name or ""
	values.development = given.tester.can_keep()
	return shell.page(req, "tester", values)
end

-- Takes over what a link or the choice of an event names: "sample track", "kept ID", "test NAME".
local function load(given, destination, form)
	local slug = destination.slug
	form.load = form.load or "sample " .. given.tester.fitting_sample(destination, form.action)
	local kind, name = form.load:match "^(%a+) (.+)$"
	form.event = given.tester.event_text(slug, { [kind or "sample"] = name })
	form.answers = kind == "test" and given.tester.answers_text(slug, name) or ""
end

local function destination_of(req, given)
	local destination, message, code = given.tester.find(given.app, req.params.slug)
	if not destination then
		local is_broken = code == "bad_definition"
		return nil, reply.failed(is_broken and 500 or 404, is_broken and "It does not load: " .. message or message)
	end
	return destination
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function tester.add(pages, given)
	pages:get("/tester", function(req)
		return index(req, given)
	end)

	pages:get("/tester/:slug", function(req)
		local destination, refused = destination_of(req, given)
		if not destination then
			return refused
		end
		local only = #destination.actions == 1 and destination.actions[1].name or nil
		local form = { action = req.query.action or only, load = req.query.load }
		load(given, destination, form)
		return page(req, given, destination, form, true)
	end)

	pages:post("/tester/:slug", function(req)
		local destination, refused = destination_of(req, given)
		if not destination then
			return refused
		end
		local form = {}
		for name, value in pairs(req.form) do
			form[name] = (value:gsub("\r\n", "\n")) -- as browsers send the lines of a text
		end
		if form["do"] == "load" then
			load(given, destination, form)
		end
		form.event = form.event or ""
		return page(req, given, destination, form, form["do"] == "choose")
	end)
end

return tester
