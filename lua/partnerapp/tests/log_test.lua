-- partnerapp.log: masking in strings, and the id of the request.
local log = require "partnerapp.log"
local mask = require("native.log").mask
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

testing.case("masked takes strings only", function(t)
	for _, value in pairs({ {}, true, print }) do
		t.raises(function()
			log.masked(value)
		end, "string expected")
	end
	t.raises(function()
		log.masked(nil)
	end, "string expected")
end)

testing.case("masked leaves a string without secrets as it is", function(t)
	for _, text in ipairs({ "", "hello", 'a\0b\r\n\t"\\', "\xff\xfe", "secret-of-n", ("x"):rep(100000) }) do
		t.equal(log.masked(text), text)
	end
end)

testing.case("masked replaces every secret, wherever it is in the string", function(t)
	mask "another-secret-of-the-case"
	t.equal(log.masked "secret-of-nobody", "***")
	t.equal(log.masked "a secret-of-nobody, another-secret-of-the-case.", "a ***, ***.")
	t.equal(log.masked "secret-of-nobodysecret-of-nobody", "******")
	t.lacks(log.masked(("x"):rep(70000) .. "secret-of-nobody"), "nobody")
	t.equal(log.masked "cut: secret-of-nobod", "cut: ***", "its beginning, where the string was cut")
end)

testing.case("request_id is nil outside of a request", function(t)
	t.equal(log.request_id(), nil)
	local app = partnerapp.new({})
	app:get("/", function()
		return reply.json({ id = log.request_id() })
	end)
	t.equal(testing.client(app):get("/").json().id, nil, "the host has no request of a test's client")
end)
