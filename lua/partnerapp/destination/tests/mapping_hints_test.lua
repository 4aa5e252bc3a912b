-- What a story and `check` say of names in a mapping that are near to right ones.
local destination = require "partnerapp.destination"
local shown_story = require "partnerapp.destination.shown_story"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u" }

local function action(default)
	local subject = { "subject", type = "string", label = "Subject", default = default }
	local size = { "size", type = "integer", label = "Size" }
	return { "send", trigger = 'type = "track"', fields = { subject, size }, perform = print }
end

local function run(mapping)
	local one = destination.new { name = "Acme", slug = "acme", actions = { action() } }
	local path = stages.run(one, EVENT, { action = "send", mapping = mapping }).paths[1]
	return path, path.stages[2]
end

testing.case("a directive that is nearly right", function(t)
	local path, stage = run { subject = { ["@pth"] = "$.event" } }
	t.equal(stage.sentence, "/subject has an invalid directive: @pth.")
	t.same(stage.details, { "did you mean '@path'?" })
	t.equal(path.outcome.code, "PAYLOAD_VALIDATION_FAILED")
	t.same(select(2, run { subject = { ["@nothing"] = 1 } }).details, {})
	local message = t.raises(function()
		destination.new { name = "Acme", actions = { action { ["@tmeplate"] = "{{event}}" } } }
	end)
	t.contains(message, "defaults: /subject has an invalid directive: @tmeplate: did you mean '@template'?")
end)

testing.case("a member of the mapping that no field takes", function(t)
	local path, stage = run { sbject = { ["@path"] = "$.event" }, __x = 1, subject = "s" }
	t.same(stage.details, { "the mapping maps to 'sbject', which is no field of 'send': did you mean 'subject'?" })
	t.same(path.payload, { subject = "s" })
end)

testing.case("the payload that validation refuses is in the story", function(t)
	local path = run { subject = "s", size = "7.5" }
	t.equal(path.payload, nil)
	t.same(path.refused, { subject = "s", size = "7.5" })
	local story = stages.run(destination.new { name = "Acme", actions = { action() } }, EVENT, {
		action = "send",
		mapping = { size = "many" },
	})
	t.equal(shown_story.value(story, 1, {}).actions[1].refused.size, "many")
end)
