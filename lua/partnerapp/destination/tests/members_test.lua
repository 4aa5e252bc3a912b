-- Objects that remember the order of their members.
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"
local testing = require "partnerapp.testing"

testing.case("members keep the order in which they were set; array indexes come first, as in JavaScript", function(t)
	local object = members.new()
	for _, name in ipairs { "b", "10", "a", "9", "01", "4294967294", "4294967295", "-1" } do
		members.set(object, name, true)
	end
	t.same(members.names(object), { "9", "10", "4294967294", "b", "a", "01", "4294967295", "-1" })
	members.set(object, "b", 2)
	t.equal(members.names(object)[4], "b")
	members.set(object, "b", nil)
	members.set(object, "b", 3)
	t.same(members.names(object), { "9", "10", "4294967294", "a", "01", "4294967295", "-1", "b" })
end)

testing.case("members that a script set or removed by itself come last, by name, or not at all", function(t)
	local object = setmetatable({ x = 1, b = 2, a = 3 }, { __order = { "x", "gone", "x" } })
	t.same(members.names(object), { "x", "a", "b" })
	t.same(members.names { c = 1, b = 2 }, { "b", "c" })
end)

testing.case("a table is an object unless it has the array mark or is a list", function(t)
	for _, value in ipairs { {}, { a = 1 }, members.new() } do
		t.equal(members.is_object(value), true)
		t.equal(members.is_array(value), false)
	end
	for _, value in ipairs { json.array(), { 1 }, json.decode "[[]]" } do
		t.equal(members.is_object(value), false)
		t.equal(members.is_array(value), true)
	end
	for _, value in ipairs { 1, "a", true, json.null } do
		t.equal(members.is_object(value) or members.is_array(value), false)
	end
end)
