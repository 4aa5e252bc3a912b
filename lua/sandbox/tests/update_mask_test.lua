-- Update masks: the table of docs/segment.md 3.6, row by row.
local json = require "partnerapp.json"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local NAME = segment.JS .. "/destinations/webhooks"

local function prepared()
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	segment.create_destination(client, token, "webhooks")
	local function patch(body)
		local status, answer = segment.call(client, token, "PATCH", NAME, body)
		return answer, status
	end
	patch {
		destination = {
			enabled = true,
			connection_mode = "CLOUD",
			config = {
				{ name = NAME .. "/config/sharedSecret", value = "one" },
				{ name = NAME .. "/config/globalHook", value = "https://example.com/" },
			},
		},
		update_mask = { paths = { "destination.enabled", "destination.connection_mode", "destination.config" } },
	}
	return patch
end

local function value_of(destination, key)
	for _, setting in ipairs(destination.config) do
		if setting.name == NAME .. "/config/" .. key then
			return setting.value
		end
	end
end

case("no mask, an empty mask and a mask without paths change nothing", function(t)
	local patch = prepared()
	for _, mask in ipairs { json.null, { paths = json.array {} }, {} } do
		local left, status = patch { destination = { enabled = false }, update_mask = mask }
		t.equal(status, 200)
		t.equal(left.enabled, true)
	end
end)

case("a value whose path is not listed has no effect", function(t)
	local left = prepared() {
		destination = { enabled = false, connection_mode = "DEVICE" },
		update_mask = { paths = { "destination.connection_mode" } },
	}
	t.equal(left.enabled, true)
	t.equal(left.connection_mode, "DEVICE")
end)

case("a path whose value is absent empties it", function(t)
	local patch = prepared()
	local left = patch { destination = {}, update_mask = { paths = { "enabled", "connection_mode" } } }
	t.equal(left.enabled, false)
	t.equal(left.connection_mode, "UNSPECIFIED")
	t.equal(value_of(left, "sharedSecret"), "one")
	t.equal(value_of(patch { update_mask = { paths = { "destination.config" } } }, "sharedSecret"), "")
end)

case("settings that a request does not name keep their values", function(t)
	local left = prepared() {
		destination = { config = { { name = NAME .. "/config/sharedSecret", value = "two" } } },
		update_mask = { paths = { "destination.config" } },
	}
	t.equal(value_of(left, "sharedSecret"), "two")
	t.equal(value_of(left, "globalHook"), "https://example.com/")
end)

case("the mask can be inside of the resource", function(t)
	local left = prepared() { destination = { enabled = false, update_mask = { paths = { "destination.enabled" } } } }
	t.equal(left.enabled, false)
end)

case("update_time changes only when another field changes, and always forward", function(t)
	local patch = prepared()
	local mask = { paths = { "destination.enabled" } }
	local same = patch { destination = { enabled = true }, update_mask = mask }
	local again = patch { destination = { enabled = true }, update_mask = mask }
	t.equal(again.update_time, same.update_time)
	local changed = patch { destination = { enabled = false }, update_mask = mask }
	t.truthy(changed.update_time > same.update_time)
	t.equal(changed.create_time, same.create_time)
end)

case("wrong masks and values are 400 and change nothing", function(t)
	local patch = prepared()
	local all = { paths = { "destination.enabled", "destination.config" } }
	for _, bad in ipairs {
		{ destination = {}, update_mask = { paths = { "destination.foo" } } },
		{ destination = {}, update_mask = { paths = { "destination.name" } } },
		{ destination = {}, update_mask = { paths = { 7 } } },
		{ destination = {}, update_mask = { paths = "enabled" } },
		{ destination = {}, update_mask = "enabled" },
		{ destination = "x", update_mask = all },
		{ destination = { enabled = "perhaps" }, update_mask = all },
		{ destination = { enabled = false, config = "x" }, update_mask = all },
		{ destination = { enabled = false, config = { { value = "x" } } }, update_mask = all },
		{ destination = { enabled = false, config = { { name = "sharedSecret", value = "x" } } }, update_mask = all },
		{
			destination = { enabled = false, config = { { name = NAME .. "/config/x", value = 1 } } },
			update_mask = all,
		},
	} do
		local answer, status = patch(bad)
		t.equal(status, 400)
		t.equal(answer.code, 3)
	end
	t.equal(patch({ destination = {} }).enabled, true)
end)
