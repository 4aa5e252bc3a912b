-- Every row of Segment's delivery overview that a local Segment can give appears in the story of an event.
local crypto = require "partnerapp.crypto"
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local plans = require "tests.plans"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local unreached = require "tests.unreached_outcomes"
local webhooks = require "tests.webhooks"

local case = testing.case

local GOOD = { userId = "u1", event = "E" }
local JSON = { ["content-type"] = "application/json" }

-- What brings an event into a row: given(send, client, token, write_key) after webhooks.prepared(settings, name).
local REACHED = {}

local function row(stage, code, label, given, settings, name)
	REACHED[#REACHED + 1] =
		{ stage = stage, code = code, label = label, given = given, settings = settings, name = name }
end

-- An event that a call of the intake has.
local function intake(code, label, path, event)
	row("failed-ingest", code, label, function(send)
		send(path, event)
	end)
end

intake("no_user_anon_id", "No userID or anonymousID", "track", { event = "E" })
intake("event_not_defined", "Event not defined", "track", { userId = "u1" })
intake("event_not_string", "Track event not a string", "track", { userId = "u1", event = 7 })
intake(
	"properties_not_object",
	"Properties field not an object",
	"track",
	{ userId = "u1", event = "E", properties = "p" }
)
intake("traits_not_object", "Traits must be an object", "identify", { userId = "u1", traits = json.array { 1 } })
intake("name_not_string", "Name must be non-empty string", "page", { userId = "u1", name = "" })
intake("category_not_string", "Category field must be a string", "page", { userId = "u1", category = 7 })
intake("id_required", "Identifier missing from payload", "group", { userId = "u1" })
intake("id_not_string", "Identifier not a string", "identify", { userId = 7 })
intake(
	"consent_categorypreferences_should_exist",
	"Consent categoryPreference object does not exist",
	"track",
	{ userId = "u1", event = "Segment Consent Preference Updated" }
)
intake(
	"consent_categorypreferences_fields_should_be_object",
	'Consent Categories field must be an object for "Segment Consent Preference Updated" event',
	"track",
	{
		userId = "u1",
		event = "Segment Consent Preference Updated",
		context = { consent = { categoryPreferences = "all" } },
	}
)
intake("consent_categorypreferences_fields_should_be_bool", "Consent category preferences not boolean", "identify", {
	userId = "u1",
	context = { consent = { categoryPreferences = { ads = "no" } } },
})
intake("consent_version_should_be_number", "Consent version not a number", "identify", {
	userId = "u1",
	context = { consent = { categoryPreferences = { ads = true }, version = "2" } },
})
intake("device_advertisingid_should_be_string", "Device advertisingId not a string", "identify", {
	userId = "u1",
	context = { device = { advertisingId = 7 } },
})
intake("empty_batch", "Batch is empty", "batch", { batch = json.array {} })
intake("bad_request", "Could not decode payload", "batch", { batch = json.array { 7 } })

row("failed-ingest", "unknown_source", "Source missing write key", function(_, client)
	client:post("/v1/track", { json = GOOD })
end)
row("failed-ingest", "unknown_source", "Could not find source from write key", function(_, client)
	client:post("/v1/track", { json = GOOD, headers = segment.basic("unknown", "") })
end)

-- A request that cannot be read.
local function unread(label, headers, body)
	row("failed-ingest", "BAD_REQUEST", label, function(_, client, _, key)
		headers.authorization = "Basic " .. crypto.base64(key .. ":")
		local response = client:post("/v1/track", { body = body, headers = headers })
		assert(response.status == 400)
	end)
end

unread("Could not parse request body", JSON, "{")
unread("Could not parse content-type", { ["content-type"] = "json" }, json.encode(GOOD))
unread("Unsupported content-type", { ["content-type"] = "text/html" }, json.encode(GOOD))

-- An event of a source with a tracking plan.
local function planned(code, label, config, event)
	row("filtered-source", code, label, function(send, client, token)
		plans.connect(client, token, plans.RULES, config)
		send("track", event)
	end)
end

local OTHER, BROKEN = { userId = "u1", event = "Other" }, { userId = "u1", event = "Bought" }
local NOT_VERSIONED = { userId = "u1", event = "Other", context = { app = 7 } }
planned("unplanned", "Unplanned event", { allow_unplanned_track_events = false }, OTHER)
planned("schema_violation", "Schema violation", { allow_track_properties_on_violations = false }, BROKEN)
planned(
	"common_schema_violation",
	"Common schema violation",
	{ common_track_event_on_violations = "BLOCK" },
	NOT_VERSIONED
)
planned("unplanned_and_schema_violation", "Unplanned and schema violation", {
	allow_unplanned_track_events = false,
	common_track_event_on_violations = "BLOCK",
}, NOT_VERSIONED)

local function filtered(code, label, given, settings, name)
	row("filtered-destination", code, label, given, settings, name)
end

local function sends(event)
	return function(send)
		send("track", event)
	end
end

filtered("FILTERED_BY_RULES", "Filtered by rules", function(send, client, token)
	segment.call(client, token, "POST", webhooks.NAME .. "/filters", {
		filter = { ["if"] = "event = 'E'", actions = { { type = "drop_event" } }, enabled = true },
	})
	send("track", GOOD)
end)
filtered(
	"FILTERED_BY_INTEGRATIONS_OBJECT",
	"Filtered by integrations object",
	sends { userId = "u1", event = "E", integrations = { All = false } }
)
filtered("MESSAGE_SENT_CLIENT_SIDE", "Message sent client side", function(send, client, token)
	webhooks.enable(client, token, webhooks.NAME, {}, "DEVICE")
	send("track", GOOD)
end)
filtered("UNSUPPORTED_EVENT_TYPE", "Unsupported event type", function(send)
	send("identify", { userId = "u1" })
end, {}, segment.JS .. "/destinations/slack")
filtered("INVALID_SETTINGS", "Invalid settings", sends(GOOD), {})
filtered("NO_MATCHING_MAPPING", "Action missing mapping or trigger", sends(GOOD), {}, webhooks.ACTIONS)
filtered("FILTERED_AT_MAPPING", "Filtered at mapping", sends(GOOD), { trigger = 'event = "F"' }, webhooks.ACTIONS)

-- A delivery that an answer, a code of a call that failed or wrong settings bring into a row.
local function delivered(code, label, answer, settings, name)
	row("failed-delivery", code, label, function(send)
		testing.network {
			["POST " .. webhooks.ONE] = type(answer) == "number" and { status = answer } or function()
				return nil, "it failed", answer
			end,
		}
		send("track", GOOD)
	end, settings, name)
end

delivered("BAD_REQUEST", "400/Bad request", 400)
delivered("401", "401", 401)
delivered("404", "404", 404)
delivered("307", "307", 307)
delivered("429", "429", 429)
delivered("502", "502", 502)
delivered("503", "503", 503)
delivered("INTERNAL", "Internal", 500)
delivered("ETIMEDOUT", "Etimedout", "timeout")
delivered("EREFUSED", "Erefused", "connect")
delivered("ENOTFOUND", "Enotfound", "dns")
delivered("ECONNRESET", "Econnreset", "bad_response")
delivered("INVALID_SETTINGS", "Invalid settings", nil, { hooks = { { hook = "no url" } } })
delivered("MESSAGE_REJECTED", "Message rejected", nil, { trigger = 'type = "track"' }, webhooks.ACTIONS)

local function has(client, wanted)
	for _, event in ipairs(client:get("/_sandbox/events").json().events) do
		for _, entry in ipairs(event.story) do
			if entry.stage == wanted.stage and entry.outcome == wanted.code and entry.label == wanted.label then
				return entry
			end
		end
	end
end

for _, wanted in ipairs(REACHED) do
	case(("an event gets to %s %s: %s"):format(wanted.stage, wanted.code, wanted.label), function(t)
		local send, client, token, key = webhooks.prepared(wanted.settings, wanted.name)
		testing.network { ["POST " .. webhooks.ONE] = { status = 200 } }
		wanted.given(send, client, token, key)
		local entry = has(client, wanted)
		t.truthy(entry, json.encode(client:get("/_sandbox/events").json()))
		t.truthy(#entry.sentence > 10, entry.sentence)
	end)
end

case("each row of the delivery overview is reached, or is listed with the reason why not", function(t)
	local found = {}
	local function add(list)
		for _, one in ipairs(list) do
			local name = ("%s %s %s"):format(one.stage, one.code, one.label)
			t.equal(found[name], nil, name)
			found[name] = true
		end
	end
	add(REACHED)
	add(unreached)
	local count = 0
	for _, one in ipairs(destination.outcomes()) do
		local name = ("%s %s %s"):format(one.stage, one.code, one.label)
		t.truthy(found[name] ~= nil, name)
		count = count + (found[name] and 1 or 0)
		found[name] = false -- one row is there twice
	end
	for name, left in pairs(found) do
		t.equal(left, false, name)
	end
	t.equal(count, 86)
end)
