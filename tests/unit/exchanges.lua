-- The cases of exchanges_test.c, which gives add{…} and stored().
local exchanges = require "partnerapp.traffic.exchanges"

local add, stored = _G.add, _G.stored
local cases = {}

local function equal(got, wanted, what)
	if got ~= wanted then
		error(("%s: got %s, wanted %s"):format(what, tostring(got), tostring(wanted)), 2)
	end
end

-- The URLs of a list, in one text.
local function urls(filter)
	local list, err = exchanges.list(filter)
	assert(list, err)
	for i, one in ipairs(list) do
		list[i] = one.url
	end
	return table.concat(list, " ")
end

local function put(fields)
	fields.method = fields.method or "GET"
	fields.outcome = fields.outcome or "answered"
	add(fields)
end

function cases.lists_are_filtered()
	equal(exchanges.version(), 0, "the version of nothing")
	equal(#assert(exchanges.list()), 0, "an empty list")
	put { url = "/a", status = 200, at = 1500, took = 20, install = "i1" }
	put { url = "/b", status = 404, outcome = "refused", error = "not_found" }
	put { url = "https://c.example/", out = 1, status = 204, install = "i1" }
	put { url = "https://d.example/", out = 1, outcome = "timeout" }
	stored()
	equal(exchanges.version(), 4, "the version")
	equal(urls(), "https://d.example/ https://c.example/ /b /a", "all")
	equal(urls { direction = "in" }, "/b /a", "direction in")
	equal(urls { direction = "out" }, "https://d.example/ https://c.example/", "direction out")
	equal(urls { status = 2 }, "https://c.example/ /a", "status 2")
	equal(urls { status = 4 }, "/b", "status 4")
	equal(urls { status = 0 }, "https://d.example/", "without an answer")
	equal(urls { outcome = "timeout" }, "https://d.example/", "outcome")
	equal(urls { install = "i1" }, "https://c.example/ /a", "install")
	equal(urls { install = "i1", direction = "in", status = 2 }, "/a", "three filters")
	equal(urls { outcome = "answered", status = 2, install = "i1", flow = "f" }, "", "all filters")
	equal(urls { outcome = "timeout", status = 0 }, "https://d.example/", "outcome and status")
	equal(urls { outcome = "timeout", status = 2 }, "", "outcome with another status")
	equal(urls { status = 4, search = "/b" }, "/b", "status and URL")
	equal(urls { install = "' OR 1 --" }, "", "no SQL")
	equal(table.concat(assert(exchanges.outcomes()), " "), "answered refused timeout", "outcomes")
	local list = assert(exchanges.list { outcome = "refused" })
	equal(list[1].error, "not_found", "error")
	list = assert(exchanges.list { search = "/a" })
	equal(list[1].at, 1.5, "at")
	equal(list[1].took, 0.02, "took")
	local state = exchanges.state()
	equal(state.dropped, 0, "dropped")
	equal(exchanges.are_kept(), true, "kept")
end

function cases.pages_follow_each_other()
	local filler = ("x"):rep(4000)
	for i = 1, 120 do
		put { url = "/" .. i, response_body = i .. filler, method = i % 2 == 0 and "POST" or "GET" }
	end
	stored()
	for _, search in ipairs { "", "/", "xxxx" } do
		local seen, before, pages = {}, nil, 0
		repeat
			local list, following = exchanges.list { limit = 50, before = before, search = search }
			assert(list, following)
			for _, one in ipairs(list) do
				seen[#seen + 1] = one.id
			end
			before, pages = following, pages + 1
		until not before
		equal(pages, 3, "pages of " .. search)
		equal(#seen, 120, "exchanges of " .. search)
		for i, id in ipairs(seen) do
			equal(id, 121 - i, "order of " .. search)
		end
	end
	equal(#assert(exchanges.list()), 50, "a page without a limit")
	equal(#assert(exchanges.list { limit = 1000 }), 120, "the largest page")
end

function cases.texts_are_searched()
	put { url = "/one?a=Grüße", request_head = "x-one: In-The-Head\n", response_body = 'in the body: 50% "quoted"' }
	put { url = "/two_2", request_body = "in the\0binary", response_head = "x-two: back\\slash*\n" }
	stored()
	for search, wanted in pairs {
		["in-the-head"] = "/one?a=Grüße",
		['50% "quoted"'] = "/one?a=Grüße",
		["rüß"] = "/one?a=Grüße",
		["IN THE BODY"] = "/one?a=Grüße",
		["back\\slash*"] = "/two_2",
		["x-t"] = "/two_2",
		["the b"] = "/one?a=Grüße",
		["nowhere"] = "",
		['" OR "x'] = "",
		["üß"] = "/one?a=Grüße",
		["_2"] = "/two_2",
		["%2"] = "",
		["\\"] = "",
		["bo"] = "", -- fewer than three characters: URLs only
	} do
		equal(urls { search = search }, wanted, "search for " .. search)
		-- Of few exchanges each is looked into.
		equal(urls { search = search, outcome = "answered" }, wanted, "search among few for " .. search)
	end
	equal(urls { search = "x-t", direction = "out" }, "", "search and filter")
end

function cases.one_is_shown_whole()
	put {
		url = "/a?b=c",
		status = 201,
		peer = "127.0.0.1",
		request_head = "Host: x\nX-A: 1\nx-a:  two \nAuthorization: Bearer abc\n",
		request_body = "a\0\xff\r\n",
		response_head = "content-type: text/plain\r\n\r\n",
		response_body = ("y"):rep(300000),
	}
	stored()
	local one = assert(exchanges.find(1))
	equal(one.peer, "127.0.0.1", "peer")
	equal(one.request_body, "a\0\xff\r\n", "request body")
	equal(one.request_size, 5, "request size")
	equal(one.request_note, nil, "request note")
	equal(#one.response_body, 256 << 10, "response body")
	equal(one.response_size, 300000, "response size")
	equal(one.response_note, "cut", "response note")
	local lines = {}
	for _, pair in ipairs(one.request_headers) do
		lines[#lines + 1] = pair[1] .. "=" .. pair[2]
	end
	equal(table.concat(lines, "|"), "Host=x|X-A=1|x-a=two |Authorization=Bearer ***", "request headers")
	equal(one.response_headers[1][2], "text/plain", "response header")
	equal(#one.response_headers, 1, "response headers")
	equal(exchanges.find(2), false, "one that is not there")
end

function cases.a_flow_is_a_list_of_steps()
	local authorize = "location: https://id.example/auth?response_type=code&state=the-state\n"
	put { url = "/auth/segment", status = 302, at = 1000, took = 5, request_id = "r1", response_head = authorize }
	put { url = "https://id.example/token", out = 1, status = 200, at = 2010, took = 50, request_id = "r2" }
	put { url = "https://id.example/other", out = 1, status = 200, at = 9000, took = 50, request_id = "r2" }
	put {
		url = "/auth/segment/callback?code=c&state=the-state",
		status = 303,
		at = 2000,
		took = 100,
		request_id = "r2",
		install = "i1",
	}
	put { url = "/auth/segment/callback?code=c&state=other", status = 400, at = 3000, request_id = "r3" }
	stored()
	local start = assert(exchanges.list({ search = "/auth/segment", before = 2 })[1])
	local steps = assert(exchanges.of_flow(start.flow))
	equal(steps[1].url, "/auth/segment", "the first step")
	equal(steps[2].url, "/auth/segment/callback?code=***&state=***", "the second step")
	equal(steps[3].url, "https://id.example/token", "the third step")
	equal(#steps, 4, "steps: the client used one request id twice")
	equal(steps[3].install, "i1", "the install of a call")
	local calls = assert(exchanges.calls_of(steps[2]))
	equal(#calls, 1, "calls")
	equal(calls[1].id, 2, "the call")
	equal(assert(exchanges.cause_of(calls[1])).id, 4, "the cause")
	equal(exchanges.cause_of { id = 3 }, false, "without a cause")
	equal(#assert(exchanges.list { flow = start.flow }), 4, "the filter")
end

function cases.without_traffic()
	for _, name in ipairs { "list", "version", "outcomes", "find", "of_flow" } do
		local result, message, code = exchanges[name](name == "list" and {} or 1)
		equal(result, nil, name)
		equal(code, "off", name)
		assert(message:find("TRAFFIC", 1, true))
	end
	equal(exchanges.state(), nil, "state")
	equal(exchanges.are_kept(), false, "kept")
end

return cases
