-- An exchange as a curl command, a HAR file and a try command.
local exports = require "partnerapp_dashboard.exports"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

local function exchange(changes)
	local one = {
		id = 7,
		direction = "out",
		at = 1700000000.5,
		took = 0.25,
		method = "POST",
		url = "https://api.example/v1/events?a=b&c=d",
		status = 200,
		outcome = "answered",
		request_headers = {
			{ "Host", "api.example" },
			{ "Content-Type", "application/json" },
			{ "Content-Length", "9" },
		},
		request_body = '{"a":"b"}',
		request_size = 9,
		response_headers = { { "content-type", "text/plain" } },
		response_body = "ok",
		response_size = 2,
	}
	for name, value in pairs(changes or {}) do
		one[name] = value
	end
	return one
end

testing.case("curl: quoted words, without the headers that curl makes itself", function(t)
	local text = exports.curl(exchange())
	t.contains(text, "curl \\\n  -X 'POST' \\\n  --url 'https://api.example/v1/events?a=b&c=d'")
	t.contains(text, "-H 'Content-Type: application/json'")
	t.contains(text, '--data-raw \'{"a":"b"}\'')
	t.equal(text:find("Content-Length", 1, true), nil)
	t.equal(text:find("Host", 1, true), nil)
end)

testing.case("curl: empty headers, no type of its own, and what is missing of the body is said", function(t)
	local text = exports.curl(exchange { request_headers = { { "X-Empty", "" }, { "X-One", "1" } } })
	t.contains(text, "-H 'X-Empty;' \\\n  -H 'X-One: 1' \\\n  -H 'Content-Type:' \\\n  --data-raw")
	t.equal(exports.curl(exchange({ request_body = "", request_size = 0 })):find("Content-Type:'", 1, true), nil)
	for _, note in ipairs { "packed", "cut" } do
		text = exports.curl(exchange { request_body = "{", request_size = 300000, request_note = note })
		t.match(text, "^# Not the whole request: its body of 300000 bytes was not kept%. .-\ncurl ")
		t.equal(text:find("--data-raw", 1, true), nil, note)
	end
end)

testing.case("curl: what others sent cannot leave the quotes", function(t)
	local text = exports.curl(exchange { request_body = "it's; rm -rf / #", url = "https://api.example/$(id)`id`'x" })
	t.contains(text, "'it'\\''s; rm -rf / #'")
	t.contains(text, "'https://api.example/$(id)`id`'\\''x'")
	text = exports.curl(exchange { request_body = "\0'\\\xff" })
	t.contains(text, "$'\\x00\\x27\\x5c\\xff'")
end)

testing.case("curl: what others sent is no option, and names no file of the person who pastes the command", function(t)
	local headers = { { "@/etc/passwd", "x" }, { "accept", "@/etc/passwd" } }
	local text = exports.curl(exchange { url = "-K/tmp/x", request_headers = headers, request_body = "@/etc/passwd" })
	t.contains(text, "--url '-K/tmp/x'")
	t.contains(text, "--data-raw '@/etc/passwd'")
	t.equal(text:find("-H '@", 1, true), nil)
end)

testing.case("curl: an address goes out as it is", function(t)
	for url, option in pairs { ["?a[]=1"] = "--globoff", ["{1,2}"] = "--globoff", ["a/../b"] = "--path-as-is" } do
		t.contains(exports.curl(exchange { url = "https://api.example/" .. url }), option .. " \\\n  --url ", url)
	end
	t.equal(exports.curl(exchange()):find("--globoff", 1, true), nil)
end)

testing.case("a request to the app has the app's address", function(t)
	local one = exchange { direction = "in", url = "/installs/7?a=b", method = "GET", request_body = "" }
	t.contains(exports.curl(one), "'http://localhost:8888/installs/7?a=b'")
end)

testing.case("HAR: names and values as they were, bytes that are not text in Base64", function(t)
	local har = exports.har { exchange { response_body = "\xff\0", status = false } }
	t.equal(har.log.version, "1.2")
	local entry = har.log.entries[1]
	t.equal(entry.startedDateTime, "2023-11-14T22:13:20.500Z")
	t.equal(entry.time, 250.0)
	t.equal(entry.request.postData.text, '{"a":"b"}')
	t.equal(entry.request.queryString[2].name, "c")
	t.equal(entry.response.content.text, "/wA=")
	t.equal(entry.response.content.encoding, "base64")
	t.equal(entry.response.status, 0)
end)

testing.case("HAR: lines of HTTP that are not UTF-8 have their bytes as characters", function(t)
	local har = exports.har {
		exchange {
			direction = "in",
			method = "G\xe9T",
			url = "/caf\xe9?na\xefve=\xe9&\u{fc}=1",
			error = "caf\xe9",
			request_headers = { { "X-Od\xe9", "caf\xe9" }, { "Content-Type", "\xe9" }, { "X", "\u{fc}" } },
			response_headers = { { "Location", "/\xe9" }, { "Content-Type", "\xe9" } },
		},
	}
	local entry = json.decode(assert(json.encode(har))).log.entries[1]
	t.equal(entry.request.method, "GéT")
	t.contains(entry.request.url, "/café?na")
	t.equal(entry.request.queryString[1].name, "naïve")
	t.equal(entry.request.headers[1].value, "café")
	t.equal(entry.request.headers[3].value, "ü")
	t.equal(entry.request.postData.mimeType, "é")
	t.equal(entry.response.redirectURL, "/é")
	t.equal(entry.response.comment, "café")
end)

testing.case("only a body that is an event becomes a try command", function(t)
	t.equal(exports.try(exchange(), "acme"), nil)
	local text = exports.try(exchange { request_body = '{"type":"track","event":"it\'s"}' }, "acme")
	t.equal(text, [[printf %s '{"type":"track","event":"it'\''s"}' | partnerapp try acme -e -]])
end)
