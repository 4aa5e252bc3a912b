-- Exchanges that are sent again.
local replay = require "partnerapp.host.replay"
local testing = require "partnerapp.testing"

testing.case("what was replaced has to be filled in, but for a cookie and the install's own token", function(t)
	local draft = {
		url = "https://api.example/list?code=***",
		headers = { { "Authorization", "Bearer ***" }, { "Cookie", "a=***" }, { "X-Api-Key", "***" } },
		body = "token=***",
	}
	t.same(replay.missing(draft), { "URL", "Authorization", "X-Api-Key", "body" })
	t.same(replay.missing(draft, {}), { "URL", "X-Api-Key", "body" })
end)

testing.case("a header that is there several times is sent each time", function(t)
	local seen
	testing.network {
		["GET https://api.example/list"] = function(request)
			seen = request.headers
			return { body = "" }
		end,
	}
	local headers = { { "X-Part", "one" }, { "x-part", "two" }, { "Accept", "text/plain" }, { "Content-Length", "7" } }
	assert(replay.call { method = "GET", url = "https://api.example/list", headers = headers, body = "" })
	t.same(seen["x-part"], { "one", "two" })
	t.equal(seen["content-length"], nil)
end)
