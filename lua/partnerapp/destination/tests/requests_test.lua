-- The requests that a destination's functions make: methods and headers that came with an event.
local given_answers = require "partnerapp.destination.given_answers"
local json = require "partnerapp.json"
local requests = require "partnerapp.destination.requests"
local testing = require "partnerapp.testing"

-- What a request with these headers would send, without the headers that are always there.
local function headers_of(given)
	local made = requests.new(requests.stand_in)
	made.request:get("https://a.example/", { headers = given })
	local sent = made.sent[1].headers
	sent["user-agent"] = sent["user-agent"] ~= "Segment (Actions)" and sent["user-agent"] or nil
	return sent
end

testing.case("headers of a customer's are as Segment's client sends them", function(t)
	t.same(headers_of { ["X-N"] = 1.0, ["X-B"] = true, ["X-L"] = { "a", 1 }, ["X-Null"] = json.null }, {
		["x-n"] = "1",
		["x-b"] = "true",
		["x-l"] = "a,1",
		["x-null"] = "null",
	})
	t.same(headers_of { ["User-Agent"] = "own" }, { ["user-agent"] = "own" })
	local twice = json.decode('{"X-B":"2","x-a":"1","X-A":"3"}', { order = true })
	t.same(headers_of(twice), { ["x-a"] = "1, 3", ["x-b"] = "2" })
	t.same(headers_of { ["X-Gone"] = "undefined" }, {})
	t.raises(function()
		headers_of { "X-A: 1" }
	end, "not a list")
end)

testing.case("headers of an answer are read in any case, whoever gave it", function(t)
	local kept = { ["Content-Type"] = "application/json", ["x-id"] = "7" }
	local list = { { status = 200, headers = kept, body = '{"a":1}' } }
	for name, transport in pairs { stand_in = requests.stand_in, given = given_answers.transport(list) } do
		local answer = requests.new(transport).request:get "https://a.example/"
		t.equal(answer.headers["Content-Type"], "application/json", name)
		t.equal(answer.headers["content-type"], "application/json", name)
		t.equal(type(answer.data), "table", name)
	end
	t.equal(getmetatable(kept), nil)
	t.same(kept, { ["Content-Type"] = "application/json", ["x-id"] = "7" })
end)

testing.case("request:request takes a method from the event", function(t)
	local made = requests.new(requests.stand_in)
	for i, method in ipairs { "POST", "put", "Patch", "delete", "GET" } do
		made.request:request(method, "https://a.example/", { json = { a = 1 } })
		t.equal(made.sent[i].method, method:upper())
	end
	t.raises(function()
		made.request:request("HEAD", "https://a.example/")
	end, "'HEAD' is not a method: get, post, put, patch, delete")
	t.raises(function()
		made.request:request(nil, "https://a.example/")
	end, "'nil' is not a method")
	t.raises(function()
		made.request.request("POST", "https://a.example/")
	end, "call it with a colon")
end)
