-- What an app answers to the sandbox of the same process.
local answers = require "partnerapp.host.answers"
local catalog_entry = require "partnerapp.destination.catalog_entry"
local destination = require "partnerapp.destination"
local db = require "native.db"
local json = require "partnerapp.json"
local kept_stories = require "partnerapp.destination.kept_stories"
local neighbour = require "partnerapp.neighbour"
local testing = require "partnerapp.testing"

local function ask(details)
	return json.decode(answers.answer(json.encode(details)))
end

testing.case("without an app in the process there is no answer", function(t)
	local answer, message, code = neighbour.ask("destinations")
	t.equal(answer, nil)
	t.equal(code, "absent")
	t.truthy(#message > 5)
end)

testing.case("a question that there is not is told", function(t)
	for _, text in ipairs({ "", "[]", "7", '{"question":"other"}', '{"question":7}', "{}" }) do
		t.equal(json.decode(answers.answer(text)).code, "usage", text)
	end
end)

testing.case("an event for a destination that the app does not have is told", function(t)
	t.equal(ask({ question = "deliver", slug = "nothing", event = {}, settings = {} }).code, "not_found")
end)

testing.case("a story is kept, and one that is too large in part", function(t)
	local small = { destination = "A", event = { type = "track" }, stages = json.array(), actions = json.array() }
	local id = assert(kept_stories.keep(small))
	t.equal(json.decode(kept_stories.find(id)).event.type, "track")
	t.equal(ask({ question = "story", id = id }).story.destination, "A")
	t.equal(kept_stories.find("nothing"), false)
	t.equal(ask({ question = "story", id = "nothing" }).code, "not_found")
	local large = {
		destination = "B",
		event = { properties = { text = ("x"):rep(300000) } },
		stages = json.array(),
		actions = json.array({ { action = "a", requests = json.array({ { url = "u", body = ("y"):rep(300000) } }) } }),
	}
	local kept = json.decode(kept_stories.find(assert(kept_stories.keep(large))))
	t.equal(kept.actions[1].requests[1].url, "u")
	t.equal(kept.event, nil)
	t.contains(kept.cut, "only a part is kept")
	large.actions[1].requests[1].url = ("u"):rep(300000)
	kept = json.decode(kept_stories.find(assert(kept_stories.keep(large))))
	t.equal(kept.destination, "B")
	t.equal(kept.actions, nil)
end)

testing.case("LG-01 a story that is shown or kept has no secret", function(t)
	local secret = "sekrit-" .. require("native.crypto").token(9)
	local shown_story = require "partnerapp.destination.shown_story"
	local stages = require "partnerapp.destination.stages"
	require("native.log").mask(secret)
	local one = destination.new({
		name = "Acme",
		slug = "acme",
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				fields = { { "key", type = "string", default = { ["@path"] = "$.event" } } },
				perform = function(request)
					request:post("https://acme.example/" .. secret, { json = { key = secret } })
					error("refused: " .. secret)
				end,
			},
		},
	})
	local function answer()
		local headers = { ["set-cookie"] = "session=unmasked", ["x-said"] = secret, date = "today" }
		return { status = 200, headers = headers, body = secret }
	end
	local story = stages.run(
		one,
		{ type = "track", event = secret, userId = "u" },
		{ settings = {}, transport = answer }
	)
	local value = shown_story.value(story, 1, {})
	local text = json.encode(value, { javascript = true })
	t.contains(text, "refused: ***")
	t.falsy(text:find(secret, 1, true), text)
	t.falsy(text:find("unmasked", 1, true), text)
	t.equal(value.actions[1].requests[1].answer.headers.date, "today")
	t.equal(story.paths[1].payload.key, secret) -- the story itself is as it was
end)

testing.case("the last 500 stories are kept", function(t)
	local first = assert(kept_stories.keep({ destination = "first", actions = {} }))
	for _ = 1, 500 do
		assert(kept_stories.keep({ destination = "x", actions = {} }))
	end
	t.equal(kept_stories.find(first), false)
	t.equal(db.row("SELECT count(*) AS count FROM pa_stories").count, 500)
end)

testing.case("an entry of the catalog has the settings in the catalog's types", function(t)
	local entry = catalog_entry.of(destination.new({
		name = "Acme",
		slug = "acme",
		settings = {
			{ "key", type = "password", label = "Key", required = true },
			{ "region", type = "string", choices = { "us", { value = "eu", label = "Europe" } }, default = "us" },
			{ "count", type = "number" },
			{ "debug", type = "boolean" },
			{ "name", type = "string" },
			{ "rate", type = "number", choices = { 0.5, { value = 2, label = "Twice" } }, default = 2 },
			{ "size", type = "number", minimum = 1, maximum = 10 },
			{ "title", type = "string", minimum = 1, maximum = 10 },
		},
	}))
	local shown = {}
	for i, setting in ipairs(entry.settings) do
		shown[i] = { setting.name, setting.type, setting.required, setting.default }
	end
	t.same(shown, {
		{ "key", "PASSWORD", true, "" },
		{ "region", "SELECT", false, "us" },
		{ "count", "NUMBER", false, 0 },
		{ "debug", "BOOLEAN", false, false },
		{ "name", "STRING", false, "" },
		{ "rate", "NUMBER", false, 2 },
		{ "size", "NUMBER", false, 0 },
		{ "title", "STRING", false, "" },
	})
	t.same(entry.settings[2].options, { "us", "eu" })
	t.same(entry.settings[6].options, { 0.5, 2 })
	t.same({ entry.settings[7].min, entry.settings[7].max, entry.settings[8].max }, { 1, 10 })
	t.equal(entry.settings[1].display_name, "Key")
end)
