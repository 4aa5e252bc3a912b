-- LG-01: which bytes of an exchange are secrets. All else stays as it is.
local exchanges = require "partnerapp.traffic.exchanges"
local testing = require "partnerapp.testing"

local function body(text)
	return exchanges.redacted({ response_body = text }).response_body
end

testing.case("LG-01 a setting of a destination at Segment is a secret when its name or type says so", function(t)
	local at = "workspaces/w/sources/s/destinations/acme/config/"
	t.equal(
		body('{"config":[{"name":"' .. at .. 'apiKey","value":"s3cret"},{"name":"' .. at .. 'region","value":"us"}]}'),
		'{"config":[{"name":"' .. at .. 'apiKey","value":"***"},{"name":"' .. at .. 'region","value":"us"}]}'
	)
	t.equal(
		body('{"value": "s3cret", "name" : "' .. at .. 'webhookUrl"}'),
		'{"value": "***", "name" : "' .. at .. 'webhookUrl"}'
	)
	t.equal(body '{"name":"x","type":"password","value":"a\\"b"}', '{"name":"x","type":"password","value":"***"}')
	t.equal(body '{"name":"client_secret","value":["a","b"]}', '{"name":"client_secret","value":***]}')
	for _, text in ipairs {
		'{"name":"region","value":"us"}',
		'{"name":"keyword","value":"shoes"}',
		'{"a":{"name":"apiKey"},"value":"us"}',
		'[{"name":"apiKey"},{"value":"us"}]',
		'{"value":"us"',
		'"value":',
		'{"name":5,"value":"us"}',
		'{"name":"","value":"us"}',
		"value: us; name=apiKey",
	} do
		t.equal(body(text), text)
	end
end)

testing.case("LG-01 what a request names a secret is one in its answer too", function(t)
	local shown = exchanges.redacted {
		url = "/take?state=open&access_token=first-secret",
		request_headers = { { "authorization", "Bearer second-secret" }, { "accept", "*/*" } },
		request_body = '{"password":"third-secret","name":"Ann"}',
		response_headers = { { "set-cookie", "session=fourth-secret; Path=/" } },
		response_body = "first-secret second-secret third-secret fourth-secret Ann",
		error = "refused: third-secret",
	}
	t.equal(shown.url, "/take?state=***&access_token=***")
	t.same(shown.request_headers, { { "authorization", "Bearer ***" }, { "accept", "*/*" } })
	t.equal(shown.request_body, '{"password":"***","name":"Ann"}')
	t.same(shown.response_headers, { { "set-cookie", "session=***; Path=/" } })
	t.equal(shown.response_body, "*** *** *** *** Ann")
	t.equal(shown.error, "refused: ***")
	t.same(exchanges.redacted({}).response_headers, {})
end)
