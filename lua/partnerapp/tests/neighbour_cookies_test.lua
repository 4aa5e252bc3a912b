-- TO-07: browsers send the cookies of all programs of a host, whatever their ports and paths. The table holds
-- Cookie headers as browsers, proxies and clients send them; ours has to be found in each.
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local session = require "partnerapp.session"
local testing = require "partnerapp.testing"

local OTHER = ("A"):rep(43) -- of the form of a session's id

local function jar(count)
	local all = {}
	for i = 1, count do
		all[i] = ("app%d_prefs=%s"):format(i, ("v"):rep(i * 5))
	end
	return table.concat(all, "; ")
end

-- {ours} is our cookie as the browser has it, {name} its name, {value} its value.
local HEADERS = {
	{ "alone", "{ours}" },
	{ "another program's session before ours", "session=" .. OTHER .. "; {ours}" },
	{ "another program's session behind ours", "{ours}; session=" .. OTHER },
	{ "Flask's session", "session=eyJfcGVybWFuZW50Ijp0cnVlfQ.ZT1x.a-b_c; {ours}" },
	{
		"express-session, Rails, PHP, Java, Laravel",
		"connect.sid=s%3Aa.b; _app_session=c%2Fd--e; PHPSESSID=f; "
			.. "JSESSIONID=g.node0; laravel_session=h%3D; {ours}",
	},
	{
		"Jupyter's names with its address",
		'username-localhost-8888="2|1:0|10:1|23:username|4:x=|a"; _xsrf=2|b; {ours}',
	},
	{ "a jar of 40", jar(40) .. "; {ours}" },
	{ "a jar of 40 behind ours", "{ours}; " .. jar(40) },
	{ "our name with a made-up value from a longer path", "{name}=x; {ours}" },
	{ "our name with a value of the right form", "{name}=" .. OTHER .. "; {ours}" },
	{ "our name thrice", "{name}=" .. OTHER .. "; {name}=" .. ("B"):rep(43) .. "; {ours}" },
	{ "our name, empty", "{name}=; {ours}" },
	{ "our name without a value", "{name}; {ours}" },
	{ "our name behind ours", "{ours}; {name}=" .. OTHER },
	{ "our value in quotes", '{name}="{value}"' },
	{ "a quoted neighbour", 'theme="dark"; {ours}' },
	{ "a quoted neighbour with a semicolon inside", 'note="a;b"; {ours}' },
	{ "a neighbour whose quote never ends", 'note="abc; {ours}' },
	{ "a neighbour with equals signs", "token=YWJj==; a=b=c; {ours}" },
	{ "a neighbour with spaces", "name=a user of this; {ours}" },
	{ "a neighbour in UTF-8", "name=é漢🔥; {ours}" },
	{ "a neighbour in Latin-1", "name=\xe9; {ours}" },
	{ "an empty neighbour", "a=; {ours}" },
	{ "a neighbour without a name", "=b; {ours}" },
	{ "a neighbour without a value", "a; {ours}" },
	{ "a neighbour with JSON", 'prefs={"a":[1,2],"b":"c"}; {ours}' },
	{ "a neighbour with our name inside its value", "back=/x?{name}=y; {ours}" },
	{ "a neighbour whose name ends like ours", "my_{name}=" .. OTHER .. "; {ours}" },
	{ "a neighbour whose name begins like ours", "{name}_2=" .. OTHER .. "; {ours}" },
	{ "$Version of RFC 2109", '$Version=1; {ours}; $Path="/"' },
	{ "$Version in quotes", '$Version="1"; a="b"; $Path="/"; {ours}; $Path="/"; $Domain="localhost"' },
	{ "no space after the semicolon", "a=b;{ours};c=d" },
	{ "more space than one", "a=b;   {ours}  ;c=d" },
	{ "a tab", "a=b;\t{ours}" },
	{ "empty pieces", ";;a=b;; {ours};" },
	{ "two headers that a proxy joined with a comma", "a=b, {ours}" },
	{ "two headers joined with a comma, ours first", "{ours}, a=b" },
}

local function sample()
	local app = partnerapp.new {}
	app:get("/in", function(req)
		local response = reply.redirect "/who"
		assert(session.start(req, response, { name = "ours" }))
		return response
	end)
	app:get("/who", function(req)
		return reply.text(req.session and req.session.data.name or "nobody")
	end)
	app:get("/out", function(req)
		local response = reply.text "out"
		assert(session.finish(req, response))
		return response
	end)
	return app
end

local function header(pattern, name, value)
	local parts = { ours = name .. "=" .. value, name = name, value = value }
	return (pattern:gsub("{(%a+)}", parts))
end

testing.case("TO-07 a session is found in whatever other cookies come with its own", function(t)
	local client = testing.client(sample())
	client:get "/in"
	local name, value = next(client.cookies)
	for _, case in ipairs(HEADERS) do
		local sent = header(case[2], name, value)
		t.equal(client:get("/who", { headers = { cookie = sent } }).body, "ours", case[1])
	end
end)

testing.case("TO-07 an install flow is found in whatever other cookies come with its own", function(t)
	for _, case in ipairs(HEADERS) do
		local client = testing.client(provider.app())
		local state = provider.begin(client)
		local name, value = next(client.cookies)
		testing.network { [provider.TOKEN] = provider.token() }
		local sent = header(case[2], name, value)
		local params = { state = state, code = "x" }
		t.equal(provider.callback(client, params, { headers = { cookie = sent } }).status, 303, case[1])
	end
end)

local URLS = {
	{ "http://localhost:8888", "http://localhost:9000", "two apps of one partner" },
	{ "http://127.0.0.1:8888", "http://127.0.0.1:8889", "app and sandbox at one address" },
	{ "https://apps.example", "https://apps.example:8443", "two ports behind https" },
	{ "http://localhost", "http://localhost:8888", "the default port" },
}

testing.case("TO-07 apps at two ports of one host do not end each other's sessions and flows", function(t)
	for _, case in ipairs(URLS) do
		local one, two = testing.client(sample()), testing.client(sample())
		two.cookies = one.cookies -- one browser
		testing.settings { PUBLIC_URL = case[1] }
		one:get "/in"
		testing.settings { PUBLIC_URL = case[2] }
		t.equal(two:get("/who").body, "nobody", case[3])
		two:get "/in"
		two:get "/out"
		testing.settings { PUBLIC_URL = case[1] }
		t.equal(one:get("/who").body, "ours", case[3])
	end
end)

testing.case("TO-07 many flows at one port leave those at another, and cookies of other programs, alone", function(t)
	for _, case in ipairs(URLS) do
		local one, two = testing.client(provider.app()), testing.client(provider.app())
		two.cookies = one.cookies
		for i = 1, 25 do
			one.cookies["workflow_" .. i], one.cookies["flow_" .. i] = "theirs", "theirs"
		end
		testing.settings { PUBLIC_URL = case[1] }
		local state = provider.begin(one)
		testing.settings { PUBLIC_URL = case[2] }
		for _ = 1, 25 do
			local _, _, response = provider.begin(two)
			t.lacks(table.concat(response.headers["set-cookie"], "\n"), "workflow_", case[3])
			testing.clock.advance(0.001)
		end
		testing.settings { PUBLIC_URL = case[1] }
		for i = 1, 25 do
			t.equal(one.cookies["flow_" .. i], "theirs", case[3])
		end
		local refused = provider.callback(one, { state = state, error = "access_denied" })
		t.equal(refused.status, 403, case[3])
	end
end)
