-- The fields and methods of a request, and which requests are refused when they are read.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

-- Answers with what `look` finds in the request.
local function client_for(look)
	local app = partnerapp.new({})
	local function handler(req)
		return reply.json({ found = look(req) })
	end
	app:get("/x", handler)
	app:post("/x", handler)
	return testing.client(app, { headers = { accept = "application/json" } })
end

testing.case("HT-12 a malformed query is 400 when it is asked for", function(t)
	local client = client_for(function(req)
		return req.query.a
	end)
	for _, query in ipairs({ "a=%", "a=%zz", "a=%00", "a=%ff", "a=%c0%af", "a=%ed%a0%80" }) do
		t.equal(client:get("/x?" .. query).status, 400, query)
	end
	t.equal(client:get("/x?a=%E2%82%AC+1").json().found, "€ 1")
end)

testing.case("HT-12 a malformed form is 400", function(t)
	local client = client_for(function(req)
		return req.form.a
	end)
	for _, body in ipairs({ "a=%", "a=%zz", "a=%00", "a=x\0y", "a=\xff" }) do
		local response = client:post("/x", {
			body = body,
			headers = { ["content-type"] = "application/x-www-form-urlencoded" },
		})
		t.equal(response.status, 400, body)
	end
end)

testing.case("HT-14 more than 256 fields are 400", function(t)
	local client = client_for(function(req)
		return req.query.a
	end)
	t.equal(client:get("/x?" .. ("a=1&"):rep(257)).status, 400)
	t.equal(client:get("/x?" .. ("a=1&"):rep(256)).status, 200)
end)

testing.case("HT-13 the first of a name counts, all() gives each in order", function(t)
	local client = client_for(function(req)
		return { req.query.a, req:all("a") }
	end)
	local response = client:post("/x?a=1&b=2&a=3", { form = { { "a", "4" }, { "a", "5" } } })
	t.same(response.json().found, { "1", { "1", "3", "4", "5" } })
end)

testing.case("HT-23 a form of another content type is 415", function(t)
	local client = client_for(function(req)
		return req.form.a
	end)
	for _, kind in ipairs({ "application/json", "multipart/form-data; boundary=x", "text/plain", "" }) do
		t.equal(client:post("/x", { body = "a=1", headers = { ["content-type"] = kind } }).status, 415, kind)
	end
	t.equal(client:post("/x", { body = "a=1" }).status, 415)
	t.equal(client:post("/x").status, 200)
	local mixed = { ["content-type"] = "Application/X-WWW-Form-Urlencoded; charset=UTF-8" }
	t.equal(client:post("/x", { body = "a=1", headers = mixed }).json().found, "1")
end)

testing.case("HT-23 JSON of another content type is 415", function(t)
	local client = client_for(function(req)
		return req.json
	end)
	for _, kind in ipairs({ "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json" }) do
		t.equal(client:post("/x", { body = "{}", headers = { ["content-type"] = kind } }).status, 415, kind)
	end
	t.equal(client:post("/x", { body = "{}" }).status, 415)
	t.equal(client:post("/x", { body = "1", headers = { ["content-type"] = "application/vnd.x+json" } }).status, 200)
end)

testing.case("HT-23 TO-01 malformed JSON is 400 with line and column, deep too", function(t)
	local client = client_for(function(req)
		return req.json
	end)
	local kind = { ["content-type"] = "application/json; charset=utf-8" }
	local bad = { "", "{", "nope", '{"a":1,}', "[1] 2", ("["):rep(65) .. ("]"):rep(65), '"\xff"' }
	for _, body in ipairs(bad) do
		t.equal(client:post("/x", { body = body, headers = kind }).status, 400, body)
	end
	local response = client:post("/x", { body = '{\n"a": nope}', headers = kind })
	t.match(response.json().error, "line 2")
end)

testing.case("HT-23 64-bit integers survive", function(t)
	local client = client_for(function(req)
		return req.json.n
	end)
	t.equal(client:post("/x", { json = { n = 9007199254740993 } }).json().found, 9007199254740993)
	t.equal(client:post("/x", { json = { n = math.mininteger } }).json().found, math.mininteger)
end)

testing.case("a JSON false is false", function(t)
	local client = client_for(function(req)
		return req.json == false and req.json == false
	end)
	t.equal(client:post("/x", { json = false }).json().found, true)
end)

testing.case("wants_json weighs what Accept names", function(t)
	local client = client_for(function(req)
		return req:wants_json()
	end)
	local cases = {
		["application/json"] = true,
		["application/json, text/plain, */*"] = true,
		["text/html;q=0.5, application/json"] = true,
		["application/problem+json"] = true,
		["APPLICATION/JSON"] = true,
		["*/*"] = false,
		["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"] = false,
		["text/html, application/json"] = false,
		["application/json;q=0"] = false,
		["application/jsonp"] = false,
		[""] = false,
	}
	for accept, wanted in pairs(cases) do
		local response = client:get("/x", { headers = { accept = accept } })
		t.equal(response.json().found, wanted, accept)
	end
	t.equal(client:get("/x", { headers = { accept = false } }).json().found, false)
end)

testing.case("fields are made once", function(t)
	local client = client_for(function(req)
		return rawequal(req.query, req.query)
			and rawequal(req.headers, req.headers)
			and rawequal(req.cookies, req.cookies)
			and req.session == nil
			and req.session == nil
			and req.nothing == nil
			and next(req.params) == nil
	end)
	t.equal(client:get("/x").json().found, true)
end)

testing.case("cookies are found by name", function(t)
	local client = client_for(function(req)
		return req.cookies.a .. req.cookies.b
	end)
	client.cookies.a, client.cookies.b = "1", "2"
	t.equal(client:get("/x").json().found, "12")
end)
