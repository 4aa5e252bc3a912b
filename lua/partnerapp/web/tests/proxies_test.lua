-- HT-26: whose address a request comes from, and HT-03: who may see the metrics.
local networks = require "partnerapp.web.networks"
local partnerapp = require "partnerapp"
local proxies = require "partnerapp.web.proxies"
local shared = require "native.shared"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

testing.case("HT-26 a list that cannot be read is refused", function(t)
	for _, text in ipairs({
		"x",
		"10.0.0.0/33",
		"::/129",
		"1.2.3",
		"1.2.3.256",
		"1.2.3.4/",
		"10.0.0.0/-1",
		"::1::",
		":::",
	}) do
		local list, message = networks.parse(text)
		t.equal(list, nil, text)
		t.contains(message, "neither an address nor a network", text)
	end
	t.equal(#networks.parse("10.0.0.0/8, ::1 192.0.2.1"), 3)
	t.equal(#networks.parse(""), 0)
end)

-- peer, X-Forwarded-For, the client
local CASES = {
	{ "a peer that is not listed is the client", "198.51.100.1", "203.0.113.9", "198.51.100.1" },
	{ "no header, no change", "10.0.0.1", nil, "10.0.0.1" },
	{ "an empty header, no change", "10.0.0.1", "", "10.0.0.1" },
	{ "one entry", "10.0.0.1", "203.0.113.9", "203.0.113.9" },
	{ "a list is read from its end", "10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9" },
	{ "trusted ones in between are skipped", "10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9" },
	{ "only trusted proxies: the first", "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3" },
	{ "quotes are taken off", "10.0.0.1", '"203.0.113.9"', "203.0.113.9" },
	{ "a port is taken off", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9" },
	{ "IPv6 in brackets with a port, quoted", "10.0.0.1", '"[2001:DB8::1]:4711"', "2001:db8::1" },
	{ "IPv6 as it is", "10.0.0.1", "2001:db8::1", "2001:db8::1" },
	{ "an IPv4-mapped IPv6 peer", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9" },
	{ "an entry that is not an address ends the search", "10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2" },
	{ "a script in the header ends the search", "10.0.0.1", "<script>", "10.0.0.1" },
	{ "a number too large ends the search", "10.0.0.1", "203.0.113.999", "10.0.0.1" },
	{ "an unclosed quote ends the search", "10.0.0.1", '"203.0.113.9', "10.0.0.1" },
	{ "empty entries are ignored", "10.0.0.1", "203.0.113.9, ,", "10.0.0.1" },
	{ "a listed IPv6 network", "2001:db8:ffff::1", "203.0.113.9", "203.0.113.9" },
	{ "an IPv6 peer outside of the network", "2001:db9::1", "203.0.113.9", "2001:db9::1" },
	{ "too long to be read", "10.0.0.1", ("203.0.113.9,"):rep(400) .. "203.0.113.9", "10.0.0.1" },
}

local NETWORKS = assert(networks.parse("10.0.0.0/8 2001:db8:ff00::/40"))

for _, case in ipairs(CASES) do
	testing.case("HT-26 " .. case[1], function(t)
		t.equal(proxies.client(case[2], case[3], NETWORKS), case[4])
	end)
end

testing.case("HT-26 req.ip follows TRUSTED_PROXIES, and nothing follows X-Forwarded-Host", function(t)
	local app = partnerapp.new({})
	app:get("/ip", function(req)
		return reply.text(req.ip .. " " .. req.host)
	end)
	local headers = { ["x-forwarded-for"] = "203.0.113.9", ["x-forwarded-host"] = "evil.example" }
	local client = testing.client(app, { ip = "10.0.0.1", headers = headers })
	t.equal(client:get("/ip").body, "10.0.0.1 localhost")
	testing.settings({ TRUSTED_PROXIES = "10.0.0.0/8" })
	t.equal(client:get("/ip").body, "203.0.113.9 localhost")
	testing.settings({ TRUSTED_PROXIES = "10.0.0.0/8, nonsense" })
	t.equal(client:get("/ip").body, "10.0.0.1 localhost", "a list with a mistake trusts nobody")
end)

testing.case("HT-26 a peer that forwards requests and is not trusted is warned about, once", function(t)
	local function warnings()
		local found = {}
		for _, line in ipairs(testing.log()) do
			if line.message:find("TRUSTED_PROXIES", 1, true) then
				found[#found + 1] = line
			end
		end
		return found
	end
	local function ask(ip, headers)
		testing.client(partnerapp.new({}), { ip = ip, headers = headers }):get("/")
	end
	shared.drop("proxies.warned")
	testing.settings({ TRUSTED_PROXIES = "10.0.0.0/8" })
	ask("192.0.2.7", {})
	ask("10.0.0.1", { ["x-forwarded-for"] = "203.0.113.9" })
	t.equal(#warnings(), 0)
	ask("192.0.2.7", { ["x-real-ip"] = "203.0.113.9" })
	ask("192.0.2.8", { ["x-forwarded-for"] = "203.0.113.9" })
	t.equal(#warnings(), 1)
	t.equal(warnings()[1].level, "warn")
	t.same(warnings()[1].fields, { peer = "192.0.2.7", header = "x-real-ip", setting = "TRUSTED_PROXIES" })
	for name, value in pairs({ ["x-forwarded-for"] = "203.0.113.9", forwarded = "for=203.0.113.9" }) do
		shared.drop("proxies.warned")
		local before = #warnings()
		ask("127.0.0.1", { [name] = value })
		t.equal(#warnings(), before + 1, name)
	end
	shared.drop("proxies.warned")
end)

testing.case("OP-03 /readyz is ready while database and key are", function(t)
	local client = testing.client()
	t.equal(client:get("/readyz").status, 200)
	t.equal(client:head("/readyz").status, 200)
	t.equal(client:post("/readyz").status, 405)
end)

testing.case("HT-03 metrics: loopback sees them in development, others need the password", function(t)
	local outside = testing.client(nil, { ip = "198.51.100.1" })
	t.equal(outside:get("/metrics").status, 401)
	t.equal(outside:get("/metrics").headers["www-authenticate"], 'Bearer realm="metrics"')
	local response = testing.client():get("/metrics")
	t.equal(response.status, 200)
	t.contains(response.headers["content-type"], "text/plain; version=0.0.4")
	t.contains(response.body, "# TYPE")
end)

testing.case("HT-03 metrics: in production only the password, whole, opens them", function(t)
	testing.settings({ PUBLIC_URL = "https://app.example" })
	local client = testing.client()
	t.equal(client:get("/metrics").status, 401)
	t.equal(client:get("/metrics", { headers = { authorization = "Bearer " } }).status, 401, "no password is none")
	testing.settings({ PUBLIC_URL = "https://app.example", ADMIN_PASSWORD = "correct horse" })
	for _, sent in ipairs({
		"Bearer wrong",
		"Bearer correct",
		"Bearer correct horse ",
		"Basic correct horse",
		"correct horse",
	}) do
		t.equal(client:get("/metrics", { headers = { authorization = sent } }).status, 401, sent)
	end
	t.equal(client:get("/metrics", { headers = { authorization = "Bearer correct horse" } }).status, 200)
end)

testing.case("HT-03 metrics: loopback behind a trusted proxy is not the client", function(t)
	testing.settings({ TRUSTED_PROXIES = "127.0.0.1" })
	local client = testing.client(nil, { headers = { ["x-forwarded-for"] = "203.0.113.9" } })
	t.equal(client:get("/metrics").status, 401)
end)
