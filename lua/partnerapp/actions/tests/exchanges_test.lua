-- The answers of `partnerapp actions`.
local exchanges = require "partnerapp.actions.exchanges"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

testing.case("an exchange is there for each request that was answered", function(t)
	local list = exchanges.list {
		{
			method = "GET",
			url = "https://acme.example/",
			headers = { authorization = "Bearer x", accept = "*/*" },
			answer = { status = 299, headers = { ["set-cookie"] = "a=b" }, body = "\xff" },
		},
		{ method = "GET", url = "https://acme.example/", headers = {}, error = "no answer" },
	}
	t.equal(
		json.encode(list, { javascript = true }),
		'[{"request":{"url":"https://acme.example/","method":"GET","headers":{"accept":"*/*","authorization":"<redacted>"},'
			.. '"body":""},"response":{"statusCode":299,"statusMessage":"","headers":{"set-cookie":"<redacted>"},'
			.. '"body":"\u{fffd}"}}]'
	)
	t.equal(json.encode(exchanges.list {}), "[]")
end)

testing.case("places in a payload are written as Segment's tool writes them", function(t)
	local fields = exchanges.fields {
		{ path = "", message = "the payload" },
		{ path = "/a/0/b", message = "first" },
		{ path = "/x.y/~1~0", message = "odd" },
		{ path = "/0", message = "a number" },
		{ path = "/a/0/b", message = "last" },
	}
	t.same(fields, { ["$"] = "the payload", ["a[0].b"] = "last", ["x\\.y./~"] = "odd", ["$[0]"] = "a number" })
end)
