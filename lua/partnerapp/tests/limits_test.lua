-- HT-27: how often one address may begin and end install flows.
local limits = require "partnerapp.limits"
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local count = 0

-- An address that no other case has used.
local function stranger()
	count = count + 1
	return "198.51.100." .. count
end

local function statuses(client, path, times)
	local seen = {}
	for _ = 1, times do
		local status = client:get(path).status
		seen[status] = (seen[status] or 0) + 1
	end
	return seen
end

testing.case("HT-27 an address over the limit gets 429 and Retry-After; others do not", function(t)
	for _, path in ipairs({ "/auth/segment", "/auth/segment/callback" }) do
		local app = provider.app()
		local client = testing.client(app, { ip = stranger() })
		local seen = statuses(client, path, 200)
		t.truthy(seen[429] and seen[429] > 100, path)
		local refused = client:get(path)
		t.equal(refused.status, 429)
		t.match(refused.headers["retry-after"], "^[1-9]%d*$")
		t.equal(statuses(testing.client(app, { ip = stranger() }), path, 5)[429], nil)
		testing.clock.advance(60)
		t.equal(statuses(client, path, 20)[429], nil, "a minute later")
	end
end)

testing.case("HT-27 this machine is spared, unless it is a trusted proxy", function(t)
	local client = testing.client(provider.app())
	t.equal(statuses(client, "/auth/segment", 300)[429], nil)
	testing.settings({ TRUSTED_PROXIES = "127.0.0.1" })
	local address = stranger()
	local through = testing.client(provider.app(), { headers = { ["x-forwarded-for"] = address } })
	t.truthy(statuses(through, "/auth/segment", 200)[429] > 100)
	local other = testing.client(provider.app(), { headers = { ["x-forwarded-for"] = stranger() } })
	t.equal(statuses(other, "/auth/segment", 5)[429], nil)
end)

testing.case("HT-27 an app limits what it wants; an IPv6 network is one address", function(t)
	local app = partnerapp.new({})
	app:get("/", function(req)
		limits.check(req, "home", 2)
		return reply.text("fine")
	end)
	local function status(ip)
		return testing.client(app, { ip = ip }):get("/").status
	end
	t.equal(status("2001:db8:1:2::1"), 200)
	t.equal(status("2001:db8:1:2:3:4:5:6"), 200)
	t.equal(status("2001:db8:1:2::ffff"), 429)
	t.equal(status("2001:db8:1:3::1"), 200)
	t.equal(status(stranger()), 200)
end)
