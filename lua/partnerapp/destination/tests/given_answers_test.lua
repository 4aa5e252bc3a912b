-- Answers of a partner that a person gives to a try that does not send.
local destination = require "partnerapp.destination"
local given_answers = require "partnerapp.destination.given_answers"
local json = require "partnerapp.json"
local recordings = require "partnerapp.destination.recordings"
local shown_story = require "partnerapp.destination.shown_story"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u" }

testing.case("an answer is a status, JSON, or both", function(t)
	local json_kind, text_kind = { ["content-type"] = "application/json" }, { ["content-type"] = "text/plain" }
	t.same(given_answers.read "404", { status = 404, headers = {}, body = "" })
	t.same(given_answers.read ' {"id":7} ', { status = 200, headers = json_kind, body = '{"id":7}' })
	t.same(given_answers.read '429 {"error":"slow"}', { status = 429, headers = json_kind, body = '{"error":"slow"}' })
	t.same(given_answers.read "503 try later", { status = 503, headers = text_kind, body = "try later" })
	for text, message in pairs {
		['{"id":'] = 'the answer {"id":: bad JSON at line 1, column 7',
		["100 x"] = "from 200 to 599, not 100",
		["999"] = "from 200 to 599, not 999",
		["  "] = "an answer is a status, JSON, or both",
	} do
		local answer, problem = given_answers.read(text)
		t.equal(answer, nil)
		t.contains(problem, message)
	end
end)

testing.case("an answer as text is read as the same answer", function(t)
	for _, text in ipairs { "404", '201 {"b":1,"a":[]}', "503 try later" } do
		t.equal(given_answers.text(given_answers.read(text)), text)
	end
	t.equal(given_answers.text { status = 200, body = '{\n  "id": 7\n}' }, '200 {"id":7}')
end)

-- A contact and its company: the second call needs what the first answers.
local crm = destination.new {
	name = "CRM",
	slug = "crm",
	actions = {
		{
			"upsert",
			trigger = 'type = "track"',
			perform = function(request)
				local contact = request:post "https://crm.example/contacts"
				return request:put("https://crm.example/contacts/" .. contact.data.id .. "/company")
			end,
		},
	},
}

local function answered(...)
	local list = {}
	for i, text in ipairs { ... } do
		list[i] = text and given_answers.read(text) or json.null
	end
	return stages.run(crm, EVENT, { transport = given_answers.transport(list) })
end

testing.case("answers come in the order of the requests, and the story shows them as given", function(t)
	local story = answered '{"id":"c-7"}'
	local path = story.paths[1]
	t.equal(path.outcome.delivered, true)
	t.equal(path.requests[2].url, "https://crm.example/contacts/c-7/company")
	t.same({ path.requests[1].sent, path.requests[2].sent }, { false, false })
	local shown = shown_story.value(story, 1, {}).actions[1].requests
	t.same({ shown[1].answer.body, shown[2].answer }, { '{"id":"c-7"}', nil })
	path = answered("409 taken", false).paths[1]
	t.same({ path.outcome.delivered, path.outcome.status, #path.requests }, { false, 409, 1 })
end)

testing.case("a recording keeps given answers, and is checked with them", function(t)
	local recording = recordings.make(crm, { event = EVENT, settings = {} }, { answered '{"id":"c-7"}' })
	t.equal(recording.answers[1].body, '{"id":"c-7"}')
	t.equal(recording.answers[2], json.null)
	t.same(recording.outcomes, { "delivered" })
	t.same(recordings.check(crm, recording), {})
end)

testing.case("an answer that is refused and not raised counts as delivered, and the story says so", function(t)
	local one = destination.new {
		name = "CRM",
		slug = "crm",
		actions = {
			{
				"upsert",
				trigger = 'type = "track"',
				perform = function(request)
					return request:post("https://crm.example/contacts", { throw = false })
				end,
			},
		},
	}
	local list = { given_answers.read "413" }
	local path = stages.run(one, EVENT, { transport = given_answers.transport(list) }).paths[1]
	t.equal(path.outcome.delivered, true)
	local said = "the last answer was 413, and nothing was raised: that counts as delivered"
	t.same(path.stages[#path.stages].details, { said })
end)
