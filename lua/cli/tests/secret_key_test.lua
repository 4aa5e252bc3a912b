-- Rings of keys: how they are made, counted and derived. Key files are tried in tests/http/keys.test.mjs.
local checks = require "cli.settings.checks"
local secret_key = require "cli.secret_key"
local testing = require "partnerapp.testing"

testing.case("a new ring has one random key and passes the setting's check", function(t)
	local ring = secret_key.new()
	t.match(ring, "^k1:%x+$")
	t.equal(checks.secret_key(ring), ring)
	t.equal(secret_key.count(ring), 1)
	t.falsy(ring == secret_key.new())
end)

testing.case("derived keys have the same names and other digits, the same ones each time", function(t)
	local one, two = ("1"):rep(64), ("2"):rep(64)
	local ring = ("k2:%s,k1:%s"):format(two, one)
	local derived = secret_key.derived(ring)
	local second, first = t.match(derived, "^k2:(%x+),k1:(%x+)$")
	t.equal(checks.secret_key(derived), derived)
	t.equal(secret_key.count(derived), 2)
	t.equal(derived, secret_key.derived(ring))
	t.falsy(first == one or second == two or first == second)
	t.equal(secret_key.derived("k1:" .. one), "k1:" .. first)
end)
