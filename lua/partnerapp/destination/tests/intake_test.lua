-- What Segment takes from a source, and what an integrations object lets through.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

local case = testing.case

-- Events as JSON, each with Segment's code for it.
local REFUSED = {
	{ "[]", "bad_request" },
	{ '"track"', "bad_request" },
	{ '{"userId":"u"}', "bad_request" },
	{ '{"type":"trakc","userId":"u"}', "bad_request" },
	{ '{"type":7,"userId":"u"}', "bad_request" },
	{ '{"type":"identify"}', "no_user_anon_id" },
	{ '{"type":"identify","userId":"","anonymousId":null}', "no_user_anon_id" },
	{ '{"type":"identify","userId":7}', "id_not_string" },
	{ '{"type":"identify","userId":"u","anonymousId":7}', "id_not_string" },
	{ '{"type":"identify","userId":["u"]}', "id_not_string" },
	{ '{"type":"group","userId":"u"}', "id_required" },
	{ '{"type":"group","userId":"u","groupId":""}', "id_required" },
	{ '{"type":"group","userId":"u","groupId":7}', "id_not_string" },
	{ '{"type":"alias","userId":"u"}', "id_required" },
	{ '{"type":"alias","userId":"u","previousId":false}', "id_not_string" },
	{ '{"type":"track","userId":"u"}', "event_not_defined" },
	{ '{"type":"track","userId":"u","event":""}', "event_not_defined" },
	{ '{"type":"track","userId":"u","event":["E"]}', "event_not_string" },
	{ '{"type":"track","userId":"u","event":"E","properties":[]}', "properties_not_object" },
	{ '{"type":"track","userId":"u","event":"E","properties":""}', "properties_not_object" },
	{ '{"type":"identify","userId":"u","traits":"a"}', "traits_not_object" },
	{ '{"type":"page","userId":"u","name":""}', "name_not_string" },
	{ '{"type":"screen","userId":"u","name":7}', "name_not_string" },
	{ '{"type":"page","userId":"u","category":7}', "category_not_string" },
	{ '{"type":"page","userId":"u","context":{"consent":{}}}', "consent_categorypreferences_should_exist" },
	{
		'{"type":"track","userId":"u","event":"Segment Consent Preference Updated"}',
		"consent_categorypreferences_should_exist",
	},
	{
		'{"type":"page","userId":"u","context":{"consent":{"categoryPreferences":["a"]}}}',
		"consent_categorypreferences_fields_should_be_object",
	},
	{
		'{"type":"page","userId":"u","context":{"consent":{"categoryPreferences":{"a":"yes"}}}}',
		"consent_categorypreferences_fields_should_be_bool",
	},
	{
		'{"type":"page","userId":"u","context":{"consent":{"categoryPreferences":{"a":true},"version":"2"}}}',
		"consent_version_should_be_number",
	},
	{
		'{"type":"page","userId":"u","context":{"device":{"advertisingId":7}}}',
		"device_advertisingid_should_be_string",
	},
}

local TAKEN = {
	'{"type":"track","userId":"u","event":"E"}',
	'{"type":"track","anonymousId":"a","event":"E","properties":null}',
	'{"type":"identify","userId":"u","traits":{}}',
	'{"type":"page","userId":"u"}',
	'{"type":"group","userId":"u","groupId":"g"}',
	'{"type":"alias","userId":"u","previousId":"p"}',
	'{"type":"page","userId":"u","context":{"consent":{"categoryPreferences":{"a":true},"version":2}}}',
	'{"type":"page","userId":"u","context":{"consent":null,"device":{"advertisingId":null}}}',
	'{"type":"page","userId":"u","context":[]}',
}

case("an event of a wrong form is refused with Segment's code and a sentence", function(t)
	for _, one in ipairs(REFUSED) do
		local taken, message, code = destination.accepts(json.decode(one[1]))
		t.equal(taken, nil, one[1])
		t.equal(code, one[2], one[1])
		t.truthy(#message > 10, one[1])
		t.equal(#destination.outcomes("failed-ingest", code), 1, code)
	end
	for _, text in ipairs(TAKEN) do
		t.same({ destination.accepts(json.decode(text)) }, { true }, text)
	end
end)

case("an integrations object lets an event through unless it says no", function(t)
	for text, wanted in pairs {
		["{}"] = true,
		['{"All":true}'] = true,
		['{"All":false}'] = false,
		['{"All":false,"Acme":true}'] = true,
		['{"All":false,"Acme":{"key":1}}'] = true,
		['{"All":false,"Acme":null}'] = false,
		['{"All":false,"acme":true}'] = false,
		['{"Acme":false}'] = false,
		['{"Other":false}'] = true,
		['"Acme"'] = true,
	} do
		local reaches, message, code = destination.reaches({ integrations = json.decode(text) }, "Acme")
		t.equal(reaches == true, wanted, text)
		t.equal(code, not wanted and "FILTERED_BY_INTEGRATIONS_OBJECT" or nil, text)
		t.equal(message ~= nil, not wanted, text)
	end
end)

case("the rows of the delivery overview: all, of a stage, of a code", function(t)
	t.equal(#destination.outcomes(), 87)
	t.equal(#destination.outcomes "filtered-source", 5)
	t.same(destination.outcomes("failed-ingest", "no_user_anon_id"), {
		{ stage = "failed-ingest", code = "no_user_anon_id", label = "No userID or anonymousID" },
	})
	t.equal(#destination.outcomes("failed-ingest", "unknown_source"), 3)
	t.same(destination.outcomes("failed-delivery", "no_user_anon_id"), {})
	destination.outcomes("failed-delivery", "429")[1].label = "changed"
	t.equal(destination.outcomes("failed-delivery", "429")[1].label, "429")
end)
