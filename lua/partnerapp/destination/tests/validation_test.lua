-- Payloads before and after validation, and Segment's sentences: what a reader wants to see, and what JSON over HTTP
-- cannot show. tests/oracle/fields.test.mjs compares with Segment's own package.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local testing = require "partnerapp.testing"

local FIELDS = {
	{ "event", type = "string", label = "Event", required = true },
	{ "total", type = "number", label = "Total", minimum = 1 },
	{ "tags", type = "string", label = "Tags", multiple = true },
	{ "at", type = "datetime", label = "Time" },
	{ "user", type = "object", label = "User", properties = { { "mail", type = "string", format = "email" } } },
}

testing.case("values are made to fit, unknown members are removed, and the payload given stays as it was", function(t)
	local given = { event = 5, total = "7", tags = "new", at = 1700000000, x = 1, user = { mail = "a@b.cd", y = 2 } }
	local payload = destination.validate(FIELDS, given)
	t.same(payload, { event = "5", total = 7, tags = { "new" }, at = 1700000000, user = { mail = "a@b.cd" } })
	t.truthy(json.is_array(payload.tags))
	t.same(given, { event = 5, total = "7", tags = "new", at = 1700000000, x = 1, user = { mail = "a@b.cd", y = 2 } })
end)

testing.case("the members of a valid payload keep their order", function(t)
	local given = members.new()
	for _, name in ipairs { "tags", "other", "total", "event" } do
		members.set(given, name, name == "total" and "5" or name)
	end
	t.same(members.names(destination.validate(FIELDS, given)), { "tags", "total", "event" })
end)

testing.case("a payload that is refused has Segment's sentences, each with its place", function(t)
	local payload, message, code, errors = destination.validate(FIELDS, { total = "0", user = { mail = "x" } })
	t.equal(payload, nil)
	t.equal(code, "PAYLOAD_VALIDATION_FAILED")
	t.same(errors, {
		{ path = "", message = "The root value is missing the required field 'event'." },
		{ path = "/total", message = "Total must be equal to or greater than 1." },
		{
			path = "/user/mail",
			message = "The value at /user/mail must be a valid email address string but it was not.",
		},
	})
	t.equal(message, errors[1].message .. " " .. errors[2].message .. " " .. errors[3].message)
end)

testing.case('"" at the root is removed in a single event, kept in a batch, and nothing is for settings', function(t)
	local given = { event = "", total = "" }
	local function message(prepare)
		return (select(2, destination.validate(FIELDS, given, { prepare = prepare })))
	end
	t.equal(message "event", "The root value is missing the required field 'event'.")
	t.same(destination.validate(FIELDS, given, { prepare = "batch" }), { event = "" })
	t.equal(message "none", "Total must be a number but it was a string.")
end)

testing.case("a payload that is not an object is refused", function(t)
	t.equal(select(2, destination.validate(FIELDS, nil)), "The root value must be an object but it was undefined.")
	t.equal(
		select(2, destination.validate(FIELDS, json.null)),
		"The root value must be an object but it was undefined."
	)
	t.equal(select(2, destination.validate(FIELDS, 5)), "The root value must be an object but it was a number.")
	t.equal(
		select(2, destination.validate(FIELDS, json.array { 1 })),
		"The root value must be an object but it was an array."
	)
end)

testing.case("an action without fields takes any payload; settings without fields are none", function(t)
	t.same(destination.validate({}, { a = json.null }), { a = json.null })
	t.same(destination.validate({}, { a = "x" }, { prepare = "none" }), {})
end)

testing.case("10,000 fields and a payload with all of them are validated", function(t)
	local list, given = {}, {}
	for i = 1, 10000 do
		list[i], given["f" .. i] = { "f" .. i, type = "number", required = true }, tostring(i)
	end
	local payload = destination.validate(list, given)
	t.equal(payload and payload.f10000, 10000)
end)

-- The patterns of Lua have a limit on their work; past it they raise.
testing.case("a long string in a field is judged, and never raises", function(t)
	local FORMATS =
		{ "uri", "uri-reference", "uri-template", "email", "hostname", "ipv4", "ipv6", "uuid", "date", "time" }
	local TEXTS = { "9", "a.", "{a}", "::", " ", "%", "//[", "a@", "2020-01-01 ", "é", "(", "-", "%41", "Z" }
	for _, text in ipairs(TEXTS) do
		for _, length in ipairs { 32768, 1000000 } do
			local long = text:rep(length // #text)
			for _, format in ipairs(FORMATS) do
				local payload, _, code = destination.validate(
					{ { "a", type = "string", format = format } },
					{ a = long }
				)
				t.truthy(payload or code == "PAYLOAD_VALIDATION_FAILED")
				t.falsy(payload and length > 32768, format)
			end
			for _, type_name in ipairs { "datetime", "number", "integer", "boolean" } do
				t.equal(destination.validate({ { "a", type = type_name } }, { a = long }), nil, text)
			end
		end
	end
end)

testing.case("wrong fields are an error of the definition", function(t)
	local payload, message, code = destination.validate({ { "a", type = "sting" } }, {})
	t.equal(payload, nil)
	t.equal(message, "field 'a': unknown type 'sting': did you mean 'string'?")
	t.equal(code, "bad_definition")
end)
